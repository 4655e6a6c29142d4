"""``python -m tests``: every test on SQLite, and again on PostgreSQL where one answers.

Several at once, file by file, since most of them wait for something; those that measure time run
alone afterwards. ``python -m tests --proof`` runs the slow proofs in full instead, without the
browser and one after the other. With CI set, nothing may be skipped.
"""

import argparse
import os
import subprocess
import sys
from dataclasses import dataclass, field

import psycopg

POSTGRES = os.environ.get("TEST_POSTGRES_URL", "postgres://root@127.0.0.1:5432/postgres")
AT_ONCE = min((os.cpu_count() or 1) + 1, 4)
# One more than can work, for one that waits; but no more than PostgreSQL has connections for, each
# with its worker clusters.
FILE_BY_FILE = ("--dist=loadfile", "--no-loadscope-reorder")
# So that what the tests of a file share is made once. The order: tests/conftest.py.


@dataclass(frozen=True, slots=True)
class Round:
    """What pytest runs with one database after the other."""

    parts: tuple[tuple[str, ...], ...]
    # Arguments of each time that pytest is run.
    of_the_database: tuple[str, ...]
    # What of the tests is run on PostgreSQL.
    environment: dict[str, str] = field(default_factory=dict)


TESTS = Round(
    (
        ("-m", "not alone", f"--numprocesses={AT_ONCE}", *FILE_BY_FILE),
        ("-m", "alone"),
    ),
    ("tests/answers", "tests/db", "tests/web", "tests/end_to_end", "tests/proofs"),
)
PROOFS = Round(
    (("-m", "not browser"),),
    ("tests/proofs", "tests/answers", "tests/db", "tests/end_to_end/test_watchdog.py"),
    {"PROOF": "full"},
)


def say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 (for the person who typed make test)


def run_pytest(name: str, wanted: Round, *tests: str, **environment: str) -> bool:
    """Run each part in a process of its own; say whether all of them passed."""
    say(f"== {name}")
    codes = [
        subprocess.run(
            [sys.executable, "-m", "pytest", "-q", *arguments, *tests],
            env={**os.environ, **wanted.environment, **environment},
            check=False,
        ).returncode
        for arguments in wanted.parts
    ]
    return not any(codes)


def postgres_answers() -> bool:
    try:
        psycopg.connect(POSTGRES, connect_timeout=3).close()
    except psycopg.OperationalError:
        return False
    return True


def run(wanted: Round) -> bool:
    """Run it on both databases, end with a line for each, and say whether all passed."""
    passed = run_pytest("On SQLite", wanted)
    last = [f"== SQLite: {'passed' if passed else 'FAILED'}"]
    if postgres_answers():
        also = run_pytest(
            "What touches the database, on PostgreSQL",
            wanted,
            *wanted.of_the_database,
            DATABASE_URL=POSTGRES,
        )
        last.append(f"== PostgreSQL: {'passed' if also else 'FAILED'}")
    else:
        also = not os.environ.get("CI")
        last.append(f"== PostgreSQL: NOT RUN, it does not answer at {POSTGRES}")
    say("\n".join(last))
    return passed and also


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests", description=__doc__)
    parser.add_argument("--proof", action="store_true", help="the slow proofs in full")
    return 0 if run(PROOFS if parser.parse_args().proof else TESTS) else 1


if __name__ == "__main__":
    sys.exit(main())
