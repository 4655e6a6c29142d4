"""Real speech: our run in chunks against faster-whisper over the whole file, and near our seams.

Which of two words a model takes may hang on the last digits of a processor's arithmetic, so one
hearing says little about a recording of some hundred words. Each is played as it is and softer by
one and two decibels, to all alike, and what is compared is the mean.

Goals: on no recording more than 0.3 points of word error rate worse than the sequential or the
batched run; fewer deletions than the batched one, whose voice detection drops words; within 5 s of
seams no worse than elsewhere; at most 1 % of the words differ between chunks and the whole file.
Seams are in pauses, beside which names are said and turns begin, so the same words in the
sequential run, which has no seam there, stand beside ours. With each difference stands between what
it lies in 95 of 100 draws of other sentences (`bench.chance`).
"""

import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

import numpy as np

from bench.chance import Columns, Estimate, estimate, points_between, points_near
from bench.machine import MODELS, ROOT, data_dir, recordings, reference, softer
from transcription.evaluation import (
    Figures,
    Heard,
    WordErrors,
    errors_by_word,
    figures_of,
    heard_in,
    names_in,
    reference_in,
    word_errors,
    words_near_seams,
)

MODEL = "base"
SOFTER_DB = (0, 1, 2)
WHOLE_SECONDS = 12 * 3600
CHUNK_SECONDS = 60
SHORT_SECONDS = 30
MOST_POINTS = 0.3
OTHERS = ("sequential", "batched")
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))


@dataclass(frozen=True, slots=True)
class Play:
    """The texts that one play of a recording became, and the figures of ours."""

    figures: Figures
    near: frozenset[int]
    # The words said near our seams.
    chunked: str
    # By our run in chunks.
    sequential: str
    batched: str


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

    def errors(self, run: str) -> list[WordErrors]:
        """Return the errors of each play by the run of that name."""
        return [word_errors(self.said, getattr(play, run)) for play in self.plays]

    def errors_by_word(self, run: str) -> Columns:
        """Return the errors at each word said, plays × words."""
        found = [errors_by_word(self.said, getattr(play, run)) for play in self.plays]
        return np.array(found, np.float64)

    def near(self) -> Columns:
        """Return 1 for each word said near a seam of ours and 0 elsewhere, plays × words."""
        words = self.plays[0].figures.words.reference_words
        return np.array([[at in play.near for at in range(words)] for play in self.plays], float)


def main(folder: Path) -> None:
    home = data_dir(folder / "data")
    played = ", ".join(f"{decibels} dB softer" for decibels in SOFTER_DB[1:ROUNDS])
    print(
        f"Whisper {MODEL}, temperature 0; each recording as it is{played and ', ' + played}; mean "
        "word error rate (each; insertions/deletions/substitutions of all plays)"
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
    times, names = reference(recording).with_suffix(".json"), _names(recording)
    return Play(
        figures=figures_of(
            said,
            chunked,
            times=reference_in(times.read_text()) if times.exists() else None,
            names=names_in(names.read_text()) if names.exists() else None,
        ),
        near=words_near_seams(said, chunked) or frozenset(),
        chunked=_text(chunked),
        sequential=_plain(played, "sequential"),
        batched=_plain(played, "text"),
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
        f"{recording.name}, {figures.words.reference_words} words",
        f"ours {_shown(heard.errors('chunked'))}",
        *(f"{run} {_shown(heard.errors(run))}{_against(run, [heard])}" for run in OTHERS),
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
    deletions = _deletions("chunked", found)
    for run in OTHERS:
        points = [_between(run, [heard]).value for heard in found]
        lost = sum(point > MOST_POINTS for point in points)
        print(
            f"against the {run} run: at worst {max(points):+.2f} points, "
            f"{lost} of {len(points)} recordings lost by more than {MOST_POINTS}; "
            f"all words{_against(run, found)}; "
            f"deletions {deletions} against {_deletions(run, found)}"
        )
    _conclude_seams("ours", "chunked", found)
    _conclude_seams("the same words in the sequential run", "sequential", found)
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


def _deletions(run: str, found: Sequence[Listened]) -> int:
    return sum(errors.deletions for heard in found for errors in heard.errors(run))


def _against(run: str, found: Sequence[Listened]) -> str:
    return f" (ours {_with_chance(_between(run, found))})"


def _between(run: str, found: Sequence[Listened]) -> Estimate:
    """Return by how many points our word error rate is above that of another run."""
    ours, theirs = (
        np.concatenate([heard.errors_by_word(each).mean(axis=0) for heard in found])
        for each in ("chunked", run)
    )
    return estimate(np.stack([ours, theirs, np.ones_like(ours)], axis=-1), points_between)


def _conclude_seams(name: str, run: str, found: Sequence[Listened]) -> None:
    counted = np.concatenate([_near_and_elsewhere(run, heard) for heard in found])
    (near_errors, near, far_errors, far) = counted.sum(axis=0)
    print(
        f"{name}: within 5 s of our seams {near_errors / near:.2%} of {near:.0f} words a play, "
        f"elsewhere {far_errors / far:.2%} of {far:.0f}: "
        f"near seams {_with_chance(estimate(counted, points_near))}"
    )


def _near_and_elsewhere(run: str, heard: Listened) -> Columns:
    """Return errors and words near seams, errors and words elsewhere, at each word said."""
    errors, near = heard.errors_by_word(run), heard.near()
    parts = (errors * near, near, errors * (1 - near), 1 - near)
    return np.stack([part.mean(axis=0) for part in parts], axis=-1)


def _with_chance(found: Estimate) -> str:
    return f"{found.value:+.2f} points, {found.low:+.2f} to {found.high:+.2f}"
