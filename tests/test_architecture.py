"""Holds the house to its plan: who may import whom, how large things may be, what is documented."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
OURS = ("hearings", "transcription", "senate_audio")
MOST_LINES = 400
MOST_FUNCTION_LINES = 50
PURE = (
    "transcription.alignment",
    "transcription.word_search",
    "transcription.losses",
    "transcription.kept_doubts",
    "hearings.spans",
    "hearings.levelling",
    "hearings.times",
    "hearings.policies",
    "hearings.validation",
    "hearings.soundness",
    "hearings.storage_problems",
    "hearings.languages",
    "hearings.complaints",
    "hearings.tracks",
    "transcription.expiry",
    "transcription.health",
    "transcription.words",
    "transcription.writing",
    "transcription.people",
    "transcription.hinting",
    "transcription.names",
    "transcription.sounding",
    "transcription.planning",
    "transcription.windows",
    "transcription.stretches",
    "transcription.merging",
    "transcription.places",
    "transcription.seams",
    "transcription.sentences",
    "transcription.paragraphs",
    "transcription.coverage",
    "transcription.ledger",
    "transcription.retrying",
    "transcription.costs",
    "transcription.scoring",
    "transcription.host_rules",
    "transcription.readiness_report",
    "transcription.watchdog",
    "transcription.pressure",
    "transcription.plausibility",
    "transcription.phrases",
    "transcription.repetition",
    "transcription.estimating",
    "transcription.amounts",
    "transcription.engines.advice",
    "transcription.engines.answers",
    "transcription.engines.hosted_models",
    "transcription.engines.lost_calls",
    "transcription.engines.redaction",
    "transcription.engines.refusals",
    "transcription.engines.rehearing",
    "transcription.engines.replies",
    "transcription.engines.word_odds",
    "transcription.engines.word_tokens",
    "transcription.engines.word_times",
    "transcription.engines.crooked_times",
    "transcription.timing",
    "transcription.policies",
    "transcription.evaluation.comparison",
    "transcription.evaluation.exported",
    "transcription.evaluation.figures",
    "transcription.evaluation.invention",
    "transcription.evaluation.names",
    "transcription.evaluation.reference",
    "transcription.evaluation.reporting",
    "transcription.evaluation.seam_errors",
    "transcription.evaluation.starts",
    "transcription.evaluation.texts",
    "transcription.exports.transcript",
    "transcription.exports.text",
    "transcription.exports.json",
)
OUTSIDE = frozenset({"django", "django_q", "os", "io", "pathlib", "time", "random", "subprocess"})
# The framework, the disk, the clock and chance.
CLOCKS = frozenset({"now", "utcnow", "today"})
STARTS_PROCESSES = frozenset(
    {
        "hearings.processes",
        "transcription.attached_cluster",
        "transcription.management.commands.serve",
        "transcription.model_sources",
    }
)
# The first for everything that touches a recording; the others start programs of our own.
VAGUE = frozenset(
    {"utils", "util", "helpers", "common", "services", "managers", "queue", "types", "misc"}
)


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


MODULES = {
    name_of(path): path
    for folder in OURS
    for path in sorted((ROOT / folder).rglob("*.py"))
    if "migrations" not in path.parts
}


@cache
def tree_of(module: str) -> ast.Module:
    return ast.parse(MODULES[module].read_text(encoding="utf-8"))


def imports_of(module: str) -> Iterator[str]:
    """Yield what *module* imports, wherever in it: ``a.b`` and, of ``from a.b import c``, both."""
    for node in ast.walk(tree_of(module)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} imports by dots"
            yield str(node.module)
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def importers_of(package: str) -> set[str]:
    return {
        module
        for module in MODULES
        if any(name == package or name.startswith(f"{package}.") for name in imports_of(module))
    }


def functions_of(module: str) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree_of(module)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def test_hearings_knows_nothing_of_transcription() -> None:
    hearings = {module for module in MODULES if module.startswith("hearings")}

    assert not hearings & importers_of("transcription")


def test_hearings_uses_no_reverse_accessor_of_transcription() -> None:
    used = {
        module
        for module in MODULES
        if module.startswith("hearings")
        for node in ast.walk(tree_of(module))
        if isinstance(node, ast.Attribute) and node.attr in {"runs", "run_set"}
    }

    assert not used


def test_no_app_imports_the_composition() -> None:
    assert {m for m in importers_of("senate_audio") if not m.startswith("senate_audio")} == set()


def test_pure_modules_are_there() -> None:
    assert set(PURE) <= set(MODULES)


@pytest.mark.parametrize("module", PURE)
def test_a_pure_module_imports_no_framework_no_disk_and_only_pure_modules(module: str) -> None:
    imported = set(imports_of(module))

    assert not {name for name in imported if name.partition(".")[0] in OUTSIDE}
    ours = {name for name in imported & set(MODULES) if name not in OURS}
    assert ours <= {*PURE, "transcription.engines", "transcription.engines.base", *packages(PURE)}


def packages(modules: tuple[str, ...]) -> set[str]:
    return {module.rpartition(".")[0] for module in modules}


@pytest.mark.parametrize("module", PURE)
def test_a_pure_module_asks_no_clock(module: str) -> None:
    asked = {
        node.attr
        for node in ast.walk(tree_of(module))
        if isinstance(node, ast.Attribute) and node.attr in CLOCKS
    }

    assert not asked


def test_the_vocabulary_of_engines_imports_no_framework() -> None:
    assert not {n for n in imports_of("transcription.engines.base") if n.startswith("django")}


def test_only_dispatch_imports_django_q() -> None:
    assert importers_of("django_q") == {"transcription.dispatch"}


def test_programs_are_started_in_few_places_and_for_recordings_in_one() -> None:
    assert importers_of("subprocess") <= STARTS_PROCESSES


def test_ffmpeg_is_spoken_to_by_one_module() -> None:
    assert importers_of("ffmpeg") == {"hearings.ffmpeg"}


def test_each_vendors_library_is_imported_by_its_engine_alone() -> None:
    assert importers_of("openai") == {"transcription.engines.openai_api"}
    assert {m for m in importers_of("faster_whisper") if m != "hearings.speech"} == {
        "transcription.engines.aligner",
        "transcription.engines.whisper",
        "transcription.engines.whisper_model",
    }


def test_nothing_catches_what_ends_a_process() -> None:
    caught = {
        f"{module}:{node.lineno}"
        for module in MODULES
        for node in ast.walk(tree_of(module))
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or "BaseException" in ast.dump(node.type))
    }

    assert not caught


def test_no_module_has_a_name_that_says_nothing() -> None:
    assert not {m for m in MODULES if m.rpartition(".")[2] in VAGUE}


def test_no_file_is_longer_than_one_reads_at_a_time() -> None:
    lengths = {m: len(path.read_text().splitlines()) for m, path in MODULES.items()}

    assert not {module: n for module, n in lengths.items() if n >= MOST_LINES}


def test_no_function_is_longer_than_a_screen() -> None:
    lengths = {
        f"{module}.{function.name}": (function.end_lineno or 0) - function.lineno + 1
        for module in MODULES
        for function in functions_of(module)
    }

    assert not {name: n for name, n in lengths.items() if n >= MOST_FUNCTION_LINES}


def settings_read() -> set[str]:
    """Return the environment variables that settings.py reads."""
    return {
        str(node.args[0].value)
        for node in ast.walk(tree_of("senate_audio.settings"))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func).startswith(("env.", "_optional"))
        and node.args
        and isinstance(node.args[0], ast.Constant)
    }


def test_every_setting_is_documented() -> None:
    pages = (ROOT / "README.md", ROOT / "docs" / "operations.md")
    documented = " ".join(page.read_text(encoding="utf-8") for page in pages)

    assert {"DATA_DIR", "OPENAI_API_KEY", "LEASE_SECONDS"} <= settings_read()
    assert not {name for name in settings_read() if f"`{name}`" not in documented}


def test_only_the_settings_read_the_environment() -> None:
    """Others pass it on to what they start, or name the cluster that a worker belongs to."""
    readers = {
        module
        for module in MODULES
        for node in ast.walk(tree_of(module))
        if isinstance(node, ast.Attribute) and ast.unparse(node) in {"os.environ", "os.getenv"}
    }

    assert readers <= {
        *("senate_audio.settings", "senate_audio.wsgi"),
        *("transcription.chunk_job", "transcription.clusters"),
        *("hearings.processes", "transcription.model_sources"),
    }
