"""Real speech: our run in chunks against faster-whisper over the whole file, and near our seams.

Goals: on no recording more than 0.3 points of word error rate worse than the sequential or the
batched run; fewer deletions than the batched one, whose voice detection drops words; within 5 s of
seams no worse than elsewhere; at most 1 % of the words differ between chunks and the whole file.
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.machine import MODELS, ROOT, data_dir, recordings, reference
from transcription.evaluation import (
    Figures,
    Heard,
    WordErrors,
    figures_of,
    heard_in,
    names_in,
    reference_in,
    word_errors,
)

MODEL = "base"
WHOLE_SECONDS = 12 * 3600
CHUNK_SECONDS = 60
SHORT_SECONDS = 30
MOST_POINTS = 0.003


@dataclass(frozen=True, slots=True)
class Listened:
    """What became of one recording."""

    said: str
    figures: Figures
    # Of our run in chunks.
    chunked: str
    short: str
    # The text of our run in shorter chunks.
    whole: str
    # And of ours in one.
    sequential: WordErrors
    batched: WordErrors


def main(folder: Path) -> None:
    home = data_dir(folder / "data")
    print(f"Whisper {MODEL}, temperature 0; errors are insertions/deletions/substitutions")
    found = []
    for recording in recordings():
        found.append(_heard(recording, home))
        print(_line(recording, found[-1]), flush=True)
    _conclude(found)


def _heard(recording: Path, home: Path) -> Listened:
    said = reference(recording).read_text()
    chunked = _ours(recording, CHUNK_SECONDS, home)
    times, names = reference(recording).with_suffix(".json"), _names(recording)
    return Listened(
        said=said,
        figures=figures_of(
            said,
            chunked,
            times=reference_in(times.read_text()) if times.exists() else None,
            names=names_in(names.read_text()) if names.exists() else None,
        ),
        chunked=_text(chunked),
        short=_text(_ours(recording, SHORT_SECONDS, home)),
        whole=_text(_ours(recording, WHOLE_SECONDS, home)),
        sequential=word_errors(said, _plain(recording, "sequential")),
        batched=word_errors(said, _plain(recording, "text")),
    )


def _names(recording: Path) -> Path:
    return recording.with_name(recording.stem + ".names.txt")


def _ours(recording: Path, seconds: int, home: Path) -> Heard:
    command = [sys.executable, str(ROOT / "manage.py"), "transcribe_hearing", str(recording)]
    command += ["--engine=whisper", "--format=json", "--quiet", f"--chunk-seconds={seconds}"]
    own = {"DATA_DIR": str(home), "SCRATCH_DIR": str(home / "scratch")}
    return heard_in(_output(command, **own))


def _plain(recording: Path, how: str) -> str:
    script = str(ROOT / "bench" / "plain_whisper.py")
    threads = str(os.cpu_count())
    return _output([sys.executable, script, str(recording), str(MODELS / MODEL), threads, how])


def _output(command: Sequence[str], **environment: str) -> str:
    done = subprocess.run(
        command, check=True, capture_output=True, text=True, env={**os.environ, **environment}
    )
    return done.stdout


def _text(heard: Heard) -> str:
    return " ".join(heard.words)


def _line(recording: Path, heard: Listened) -> str:
    figures = heard.figures
    parts = [
        f"{recording.name}, {figures.words.reference_words} words: ours {_shown(figures.words)}",
        f"sequential {_shown(heard.sequential)}",
        f"batched {_shown(heard.batched)}",
    ]
    if seams := figures.seams:
        near, elsewhere = _percent(seams.near.rate), _percent(seams.elsewhere.rate)
        parts.append(f"at our {seams.seams} seams {near}, elsewhere {elsewhere}")
    if (starts := figures.starts) and starts.median_seconds is not None:
        parts.append(
            f"starts off by {starts.median_seconds:.2f} s (median), {starts.p95_seconds:.2f} s "
            f"(95 %), {starts.worst_seconds:.2f} s (worst of {starts.found})"
        )
    if (invention := figures.invention) and invention.per_minute is not None:
        parts.append(
            f"{invention.per_minute:.1f} invented words a minute of {invention.silent_minutes:.1f}"
        )
    if (names := figures.names) and names.share is not None:
        parts.append(f"{names.recalled} of {names.occurrences} names")
    return "; ".join(parts)


def _shown(errors: WordErrors) -> str:
    parts = f"{errors.insertions}/{errors.deletions}/{errors.substitutions}"
    return f"{errors.rate:.2%} ({parts})"


def _percent(rate: float | None) -> str:
    return "no words" if rate is None else f"{rate:.2%}"


def _conclude(found: Sequence[Listened]) -> None:
    for name, theirs in (
        ("sequential", [heard.sequential for heard in found]),
        ("batched", [heard.batched for heard in found]),
    ):
        points = [
            ours.figures.words.rate - errors.rate
            for ours, errors in zip(found, theirs, strict=True)
        ]
        lost = sum(point > MOST_POINTS for point in points)
        print(
            f"against the {name} run: at worst {100 * max(points):+.2f} points, "
            f"{lost} of {len(points)} recordings lost by more than {100 * MOST_POINTS:.1f}; "
            f"deletions {sum(ours.figures.words.deletions for ours in found)} "
            f"against {sum(errors.deletions for errors in theirs)}"
        )
    _conclude_seams(found)
    whole = " ".join(heard.whole for heard in found)
    said = " ".join(heard.said for heard in found)
    for seconds, texts in (
        (CHUNK_SECONDS, [heard.chunked for heard in found]),
        (SHORT_SECONDS, [heard.short for heard in found]),
    ):
        joined = " ".join(texts)
        print(
            f"chunks of {seconds} s: differ from the whole file by "
            f"{word_errors(whole, joined).rate:.2%}, word error rate "
            f"{word_errors(said, joined).rate:.2%} (whole file {word_errors(said, whole).rate:.2%})"
        )


def _conclude_seams(found: Sequence[Listened]) -> None:
    seams = [heard.figures.seams for heard in found if heard.figures.seams]
    for name, parts in (
        ("within 5 s of seams", [seam.near for seam in seams]),
        ("elsewhere", [seam.elsewhere for seam in seams]),
    ):
        words, errors = sum(p.reference_words for p in parts), sum(p.errors for p in parts)
        rate = _percent(errors / words if words else None)
        print(f"{name}: {errors} errors in {words} words, {rate}")
