"""``python -m tests``: every test on SQLite, and again on PostgreSQL where one answers.

``python -m tests --proof`` runs the slow proofs in full instead, without the browser. With CI set,
nothing may be skipped.
"""

import argparse
import os
import subprocess
import sys
from dataclasses import dataclass, field

import psycopg

POSTGRES = os.environ.get("TEST_POSTGRES_URL", "postgres://root@127.0.0.1:5432/postgres")


@dataclass(frozen=True, slots=True)
class Round:
    """What pytest runs with one database after the other."""

    everything: tuple[str, ...]
    # Arguments, on SQLite.
    of_the_database: tuple[str, ...]
    # Arguments, on PostgreSQL.
    environment: dict[str, str] = field(default_factory=dict)


NO_BROWSER = ("-m", "not browser")
TESTS = Round((), ("tests/answers", "tests/db", "tests/web", "tests/end_to_end", "tests/proofs"))
PROOFS = Round(
    NO_BROWSER,
    (
        *NO_BROWSER,
        *("tests/proofs", "tests/answers", "tests/db", "tests/end_to_end/test_watchdog.py"),
    ),
    {"PROOF": "full"},
)


def say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 (for the person who typed make test)


def run_pytest(name: str, *arguments: str, **environment: str) -> bool:
    """Run pytest in a process of its own; say whether it passed."""
    say(f"== {name}")
    command = [sys.executable, "-m", "pytest", "-q", *arguments]
    return subprocess.run(command, env={**os.environ, **environment}, check=False).returncode == 0


def postgres_answers() -> bool:
    try:
        psycopg.connect(POSTGRES, connect_timeout=3).close()
    except psycopg.OperationalError:
        return False
    return True


def run(wanted: Round) -> bool:
    """Run it on both databases, end with a line for each, and say whether all passed."""
    passed = run_pytest("On SQLite", *wanted.everything, **wanted.environment)
    last = [f"== SQLite: {'passed' if passed else 'FAILED'}"]
    if postgres_answers():
        environment = {**wanted.environment, "DATABASE_URL": POSTGRES}
        also = run_pytest(
            "What touches the database, on PostgreSQL", *wanted.of_the_database, **environment
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
