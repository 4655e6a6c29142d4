"""``manage.py check_storage``: whether all that is kept is there, whole, and somebody's."""

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.db import OperationalError, ProgrammingError

from hearings.ffmpeg import FfmpegMissing
from hearings.storage_problems import Problem
from transcription import storage_check
from transcription.amounts import counted
from transcription.clock import database_clock
from transcription.exits import Exit, database_sentence, failure
from transcription.reporting import Reporter, Stage

WRONG = 1


class Command(BaseCommand):
    help = (
        "Compare recordings, answers and temporary files with the database. Changes nothing "
        "without --repair. Exits with 0 where all is well, with 1 where something is wrong."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--repair",
            action="store_true",
            help="Delete files that nobody needs and that are older than a day; mark hearings "
            "whose recording is missing or wrong. Never deletes a recording that a hearing names.",
        )
        parser.add_argument(
            "--decode", action="store_true", help="Decode each recording too. Takes long."
        )
        parser.add_argument("--json", action="store_true", help="Write JSON.")
        parser.add_argument("--quiet", action="store_true", help="No progress.")

    def handle(self, *, repair: bool, decode: bool, json: bool, quiet: bool, **_: Any) -> None:
        reporter = Reporter(quiet=quiet)
        try:
            found = _Check(repairs=repair, decode=decode).run(reporter)
        except FfmpegMissing as error:
            raise failure(str(error), Exit.FAILED) from error
        except OSError as error:
            told = f"Not all could be looked at: {error.filename}: {error.strerror}."
            raise failure(told, Exit.FAILED) from error
        except (OperationalError, ProgrammingError) as error:
            raise failure(database_sentence(error), Exit.FAILED) from error
        except KeyboardInterrupt:
            reporter.say("Interrupted. What was repaired stays so.")
            sys.exit(Exit.INTERRUPTED)
        self.stdout.write(found.as_json() if json else found.as_text())
        if found.is_wrong:
            sys.exit(WRONG)


class _Check:
    """One look at everything, and what it found."""

    def __init__(self, *, repairs: bool, decode: bool) -> None:
        self._repairs = repairs
        self._decode = decode
        self._extent = storage_check.Extent(0, 0)
        self._bytes = 0
        self._too_young = 0
        self._problems: list[Problem] = []

    def run(self, reporter: Reporter) -> "_Check":
        self._extent = storage_check.extent()
        with reporter.stage("Comparing") as stage:
            for number, hearing in enumerate(storage_check.kept().iterator(), start=1):
                problem = storage_check.look_at_recording(
                    hearing,
                    repairs=self._repairs,
                    decode=self._decode,
                    on_bytes=lambda count, number=number: self._show(stage, number, count),  # type: ignore[misc]
                )
                self._problems += [problem] if problem else []
            stage.end(counted(self._extent.recordings, "recording"))
        for found in storage_check.look_at_files(repairs=self._repairs, now=database_clock()):
            self._too_young += found is None
            self._problems += [found] if found else []
        return self

    @property
    def is_wrong(self) -> bool:
        return not all(problem.is_mended for problem in self._problems)

    def as_json(self) -> str:
        told = {
            "is_well": not self.is_wrong,
            "repaired": self._repairs,
            "recordings": self._extent.recordings,
            "recording_bytes": self._bytes,
            "too_young": self._too_young,
            "problems": [problem.to_json() for problem in self._problems],
        }
        return json.dumps(told, indent=2, ensure_ascii=False)

    def as_text(self) -> str:
        lines = []
        for problem in self._problems:
            whose = f" of “{problem.title}”" if problem.title else ""
            lines.append(f"{problem.kind.upper()}  {problem.what}{whose}: {problem.name}")
            facts = [problem.message, problem.repaired or problem.advice]
            if problem.needed:
                facts += [f"Found: {problem.measured}", f"Stored: {problem.needed}"]
            lines += [f"    {fact}" for fact in facts]
        looked = counted(self._extent.recordings, "recording")
        lines.append(f"{looked} compared, {counted(len(self._problems), 'problem')} found.")
        if self._too_young:
            files = counted(self._too_young, "file")
            lines.append(f"{files} younger than a day, which no row names yet: left alone.")
        if self.is_wrong and not self._repairs:
            lines.append("Nothing was changed. “check_storage --repair” mends what can be mended.")
        return "\n".join(lines)

    def _show(self, stage: Stage, number: int, byte_count: int) -> None:
        self._bytes += byte_count
        percent = 100 * self._bytes // max(self._extent.byte_count, 1)
        detail = f"{number:,} of {counted(self._extent.recordings, 'recording')}"
        stage.show(min(percent, 100), detail)
