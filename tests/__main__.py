"""``python -m tests``: every test on SQLite, and again on PostgreSQL where one answers.

With CI set, nothing may be skipped.
"""

import os
import subprocess
import sys

import psycopg

POSTGRES = os.environ.get("TEST_POSTGRES_URL", "postgres://root@127.0.0.1:5432/postgres")


def run_pytest(name: str, *arguments: str, **environment: str) -> bool:
    """Run pytest in a process of its own; say whether it passed."""
    print(f"== {name}", flush=True)  # noqa: T201 (for the person who typed make test)
    command = [sys.executable, "-m", "pytest", "-q", *arguments]
    return subprocess.run(command, env={**os.environ, **environment}, check=False).returncode == 0


def postgres_answers() -> bool:
    try:
        psycopg.connect(POSTGRES, connect_timeout=3).close()
    except psycopg.OperationalError:
        return False
    return True


def main() -> int:
    passed = run_pytest("Every test, on SQLite")
    if postgres_answers():
        passed &= run_pytest(
            "What touches the database, on PostgreSQL",
            "tests/answers",
            "tests/db",
            "tests/web",
            "tests/end_to_end",
            "tests/proofs",
            DATABASE_URL=POSTGRES,
        )
    else:
        print(f"== Not run: PostgreSQL does not answer at {POSTGRES}")  # noqa: T201
        passed &= not os.environ.get("CI")
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
