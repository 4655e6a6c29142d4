"""The storage check as the command tells of it."""

import hashlib
import json
from io import StringIO
from pathlib import Path
from typing import Any

from django.core.management import call_command

from hearings.models import Hearing
from tests.storage_kit import file_of


def told(*arguments: str) -> tuple[int, str]:
    """Return how the command ends, and what it says."""
    out = StringIO()
    try:
        call_command("check_storage", "--quiet", *arguments, stdout=out)
    except SystemExit as end:
        return int(str(end.code)), out.getvalue()
    return 0, out.getvalue()


def found(*arguments: str) -> tuple[int, dict[str, Any]]:
    code, text = told("--json", *arguments)
    value: dict[str, Any] = json.loads(text)
    return code, value


def state(folder: Path) -> dict[str, bytes | None]:
    """Return every file and folder below, with its content."""
    return {
        str(path): path.read_bytes() if path.is_file() else None
        for path in sorted(folder.rglob("*"))
    }


def kinds(report: dict[str, Any]) -> dict[str, str]:
    return {Path(each["name"]).name: each["kind"] for each in report["problems"]}


def file_name(hearing: Hearing) -> str:
    return file_of(hearing).name


def sha256_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
