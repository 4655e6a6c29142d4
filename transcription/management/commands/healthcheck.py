"""``manage.py healthcheck``: how each component is, for a person or a monitor."""

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from transcription.health import Report, State
from transcription.probes import examiner

UNHEALTHY = 1


class Command(BaseCommand):
    help = "Try each component. Exits with 0 where all work, with 1 where one has failed."
    requires_system_checks = ()
    # They would end it before it has said what is wrong.

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="Write JSON.")

    def handle(self, *, json: bool, **_: Any) -> None:
        report = examiner.report()
        self.stdout.write(_as_json(report) if json else _as_text(report))
        if not report.is_healthy:
            sys.exit(UNHEALTHY)


def _as_json(report: Report) -> str:
    return json.dumps(report.to_json(), indent=2, ensure_ascii=False)


def _as_text(report: Report) -> str:
    width = max(len(result.name) for result in report.results)
    lines = []
    for result in report.results:
        lines.append(f"{result.state.upper():7}  {result.name:{width}}  {result.measured}")
        if result.state != State.OK:
            indent = " " * (width + 11)
            lines += [f"{indent}Needed: {result.needed}", f"{indent}{result.advice}"]
    return "\n".join([*lines, "", report.in_words])
