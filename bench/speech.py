"""Real speech: our run in chunks against faster-whisper over the whole file, and near our seams.

Which of two words a model takes may hang on the last digits of a processor's arithmetic, so one
hearing says little about a recording of some hundred words. Each is played as it is and softer by
one and two decibels, to all alike, and what is compared is the mean.

Goals: on no recording more than 0.3 points of word error rate worse than the sequential or the
batched run; fewer deletions than the batched one, whose voice detection drops words; within 5 s of
seams no worse than elsewhere; at most 1 % of the words differ between chunks and the whole file.
Seams are in pauses, beside which names are said and turns begin, so the same words in the
sequential run, which has no seam there, stand beside ours.
"""

import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from bench.machine import MODELS, ROOT, data_dir, recordings, reference, softer
from transcription.evaluation import (
    Errors,
    Figures,
    Heard,
    SeamErrors,
    WordErrors,
    figures_of,
    heard_in,
    names_in,
    reference_in,
    seam_errors_of_another,
    word_errors,
)

MODEL = "base"
SOFTER_DB = (0, 1, 2)
WHOLE_SECONDS = 12 * 3600
CHUNK_SECONDS = 60
SHORT_SECONDS = 30
MOST_POINTS = 0.003
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))


@dataclass(frozen=True, slots=True)
class Play:
    """What became of one recording, played once."""

    figures: Figures
    # Of our run in chunks.
    chunked: str
    # The text of that run.
    sequential: WordErrors
    sequential_seams: SeamErrors | None
    # In the words that are near our seams.
    batched: WordErrors


@dataclass(frozen=True, slots=True)
class Listened:
    """What became of one recording."""

    said: str
    plays: tuple[Play, ...]
    # The first as it was recorded.
    short: str
    # The text of our run in shorter chunks.
    whole: str
    # And of ours in one.

    @property
    def ours(self) -> list[WordErrors]:
        return [play.figures.words for play in self.plays]

    @property
    def sequential(self) -> list[WordErrors]:
        return [play.sequential for play in self.plays]

    @property
    def batched(self) -> list[WordErrors]:
        return [play.batched for play in self.plays]


def main(folder: Path) -> None:
    home = data_dir(folder / "data")
    played = ", ".join(f"{decibels} dB softer" for decibels in SOFTER_DB[1:ROUNDS])
    print(
        f"Whisper {MODEL}, temperature 0; each recording as it is{played and ', ' + played}; mean "
        "word error rate (each), insertions/deletions/substitutions of all plays"
    )
    found = []
    for recording in recordings():
        found.append(_heard(recording, folder, home))
        print(_line(recording, found[-1]), flush=True)
    _conclude(found)


def _heard(recording: Path, folder: Path, home: Path) -> Listened:
    said = reference(recording).read_text()
    return Listened(
        said=said,
        plays=tuple(
            _played(recording, softer(recording, folder / "played.flac", decibels), home)
            for decibels in SOFTER_DB[:ROUNDS]
        ),
        short=_text(_ours(recording, SHORT_SECONDS, home)),
        whole=_text(_ours(recording, WHOLE_SECONDS, home)),
    )


def _played(recording: Path, played: Path, home: Path) -> Play:
    said = reference(recording).read_text()
    chunked = _ours(played, CHUNK_SECONDS, home)
    sequential = _plain(played, "sequential")
    times, names = reference(recording).with_suffix(".json"), _names(recording)
    return Play(
        figures=figures_of(
            said,
            chunked,
            times=reference_in(times.read_text()) if times.exists() else None,
            names=names_in(names.read_text()) if names.exists() else None,
        ),
        chunked=_text(chunked),
        sequential=word_errors(said, sequential),
        sequential_seams=seam_errors_of_another(said, chunked, sequential),
        batched=word_errors(said, _plain(played, "text")),
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
    figures = heard.plays[0].figures
    parts = [
        f"{recording.name}, {figures.words.reference_words} words: ours {_shown(heard.ours)}",
        f"sequential {_shown(heard.sequential)}",
        f"batched {_shown(heard.batched)}",
    ]
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


def _shown(plays: Sequence[WordErrors]) -> str:
    each = ", ".join(_percent(errors.rate) for errors in plays)
    kinds = "/".join(
        str(sum(getattr(errors, kind) for errors in plays))
        for kind in ("insertions", "deletions", "substitutions")
    )
    return f"{_rate(plays):.2%} ({each}; {kinds})"


def _rate(plays: Iterable[WordErrors]) -> float:
    return fmean(errors.rate for errors in plays)


def _percent(rate: float) -> str:
    return f"{rate:.2%}"


def _conclude(found: Sequence[Listened]) -> None:
    for name, theirs in (
        ("sequential", [heard.sequential for heard in found]),
        ("batched", [heard.batched for heard in found]),
    ):
        points = [
            _rate(ours.ours) - _rate(plays) for ours, plays in zip(found, theirs, strict=True)
        ]
        lost = sum(point > MOST_POINTS for point in points)
        deletions = sum(errors.deletions for heard in found for errors in heard.ours)
        print(
            f"against the {name} run: at worst {100 * max(points):+.2f} points, "
            f"{lost} of {len(points)} recordings lost by more than {100 * MOST_POINTS:.1f}; "
            f"deletions {deletions} against "
            f"{sum(errors.deletions for plays in theirs for errors in plays)}"
        )
    plays = [play for heard in found for play in heard.plays]
    _conclude_seams("ours", [play.figures.seams for play in plays])
    _conclude_seams("the same words in the sequential run", [p.sequential_seams for p in plays])
    whole = " ".join(heard.whole for heard in found)
    said = " ".join(heard.said for heard in found)
    for seconds, texts in (
        (CHUNK_SECONDS, [heard.plays[0].chunked for heard in found]),
        (SHORT_SECONDS, [heard.short for heard in found]),
    ):
        joined = " ".join(texts)
        print(
            f"chunks of {seconds} s: differ from the whole file by "
            f"{word_errors(whole, joined).rate:.2%}, word error rate "
            f"{word_errors(said, joined).rate:.2%} (whole file {word_errors(said, whole).rate:.2%})"
        )


def _conclude_seams(name: str, found: Sequence[SeamErrors | None]) -> None:
    seams = [each for each in found if each]
    near, near_told = _rate_of([each.near for each in seams])
    elsewhere, elsewhere_told = _rate_of([each.elsewhere for each in seams])
    print(
        f"{name}: within 5 s of our seams {near_told}, elsewhere {elsewhere_told}: "
        f"near seams {100 * (near - elsewhere):+.2f} points"
    )


def _rate_of(parts: Sequence[Errors]) -> tuple[float, str]:
    words, errors = sum(p.reference_words for p in parts), sum(p.errors for p in parts)
    rate = errors / words if words else 0.0
    return rate, f"{rate:.2%} ({errors} errors in {words} words)"
