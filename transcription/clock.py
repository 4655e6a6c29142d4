"""The time that leases and waits are measured by: the database's, the same for every host."""

from collections.abc import Callable
from datetime import UTC, datetime

from django.db import connection

Clock = Callable[[], datetime]


def database_clock() -> datetime:
    """Return the database's present time, also within a transaction."""
    if connection.vendor == "sqlite":  # a file of this host: its clock is ours
        return datetime.now(UTC)
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        moment: datetime = cursor.fetchone()[0]
    return moment
