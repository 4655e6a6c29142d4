"""When the next request may start: a bucket of starts in one row, reckoned by the database.

The arithmetic is the Generic Cell Rate Algorithm in its form of virtual scheduling (ITU-T I.371,
annex A; ATM Forum, Traffic Management 4.0). With `gap` seconds between two starts and a bucket
of `burst` of them, a row keeps one moment, `next_at`: when the bucket is full again. A request
may start at

    start = max(base, next_at - (burst - 1) * gap)        base = max(now, closed_until)

and reserves that start by

    next_at = max(start, next_at) + gap

so that any stretch of L seconds holds at most burst + L / gap starts. The reserver sleeps until
its start; who comes next gets the next one, so that nobody looks again and again, and nobody
starves.

Seconds of audio have a second bucket of one minute's worth, which may go into debt: a slice starts
as soon as the bucket is not in debt, however long the slice is, and what the bucket lacks is paid
off before the next one. So the wait is the same for long and short slices, and short ones cannot
keep a long one from ever starting. Any stretch of L seconds holds at most what a minute and L
seconds let through, and one slice more.

`next_at` counts seconds at the speed of its reckoning, kept beside it. At another speed (a
person's change, a refusal) the same number of starts is still owed, in more or less time.

A clock that is set back leaves moments of a future that is none. More than a bucket can honestly
owe is never waited for: such a bucket is taken to be empty, so that starts follow evenly.

Every statement is one round trip and atomic: who waits for the row's lock sees the row, and the
clock, as they are when it gets it. Run them outside transactions, or the lock is kept.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

from django.db import connection
from django.db.models import FloatField, Func

from transcription.models import RateLimit

MOST_AHEAD_SECONDS = 120.0
# No policy has anybody wait longer for a reserved start; so many may be reserved beyond a bucket.
LONGEST_SLICE_SECONDS = 1_400.0
# Of audio in one request, as the engines take it; so much may go into debt.

_WORDS = {
    "postgresql": {
        "now": "CAST(EXTRACT(EPOCH FROM clock_timestamp()) AS double precision)",
        # Not `now()`: that is when the transaction began.
        "most": "GREATEST",
        "least": "LEAST",
        "unsynced": ", set_config('synchronous_commit', 'off', TRUE)",
        # For this statement's own transaction: nobody waits for the row while a disk syncs. A
        # server that loses power forgets reservations of less than a second, and takes longer
        # than that to come back.
    },
    "sqlite": {
        "now": "((julianday('now') - 2440587.5) * 86400.0)",
        "most": "MAX",
        "least": "MIN",
        "unsynced": "",
    },
}
_OF_THE_ROW = "(SELECT {now} AS moment)"
# For statements that change the row: all other names below are columns of it as it is then.
_OF_A_READER = "(SELECT {now} AS moment, read.* FROM {table} AS read WHERE name = %(name)s)"
_SEEN = """(
  SELECT paid.*,
    {most}(base, due - (burst - 1) * gap, audio_due - 60.0) AS start_at
  FROM (
    SELECT owing.*,
      base + gap * CASE
        WHEN owed <= capacity + {ahead} * reckoned_per_minute / 60.0 THEN owed
        ELSE burst - 1 END AS due,
      base + audio_gap * CASE
        WHEN audio_owed <= {longest} + (1.0 + {ahead} / 60.0) * audio_reckoned_per_minute
        THEN audio_owed
        ELSE COALESCE(audio_seconds_per_minute, 0) END AS audio_due
    FROM (
      SELECT timed.*,
        {most}(next_at - base, 0.0) * reckoned_per_minute / 60.0 AS owed,
        {most}(audio_next_at - base, 0.0) * audio_reckoned_per_minute / 60.0 AS audio_owed
      FROM (
        SELECT clocked.*, {most}(moment, closed_until) AS base,
          {least}(capacity, COALESCE(server_per_minute, capacity)) AS burst,
          60.0 / (pace * {least}(per_minute, COALESCE(server_per_minute, per_minute))) AS gap,
          COALESCE(60.0 / audio_seconds_per_minute, 0.0) AS audio_gap
        FROM {clocked} AS clocked
      ) AS timed
    ) AS owing
  ) AS paid
) AS seen"""
# What the row means at this moment.
_RESERVE = """
UPDATE {table} SET
  (next_at, reckoned_per_minute, audio_next_at, audio_reckoned_per_minute, starts_at, probe_until)
  = (
    SELECT {most}(start_at, due) + gap, 60.0 / gap,
      {most}(start_at, audio_due) + audio_gap * %(audio)s, COALESCE(audio_seconds_per_minute, 0),
      start_at, CASE WHEN is_broken THEN start_at + %(probe)s ELSE 0.0 END
    FROM {seen})
WHERE name = %(name)s AND (
    SELECT start_at - moment <= %(longest)s
      AND (NOT is_broken OR (closed_until <= moment AND probe_until <= moment))
    FROM {seen})
RETURNING starts_at - {now}{unsynced}"""
_CLOSE = """
UPDATE {table} SET {also},
  (closed_until, next_at, reckoned_per_minute) = (
    SELECT {most}(closed_until, moment + %(seconds)s),
      {most}(due, {most}(closed_until, moment + %(seconds)s) + (burst - 1) * gap), 60.0 / gap
    FROM {seen})
WHERE name = %(name)s AND {when}"""
_LOOK = """
SELECT moment, start_at - moment, closed_until - moment, probe_until - moment,
  (due - base) / gap, burst, 60.0 / gap, audio_due - 60.0 - moment, audio_due - base
FROM {seen}"""


class UnixNow(Func):
    """The database's present time in Unix seconds, also within a transaction."""

    template = _WORDS["postgresql"]["now"]
    output_field = FloatField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template=_WORDS["sqlite"]["now"], **context)


@dataclass(frozen=True, slots=True)
class Sight:
    """A row as it is at a moment of the database's clock."""

    moment: float
    # Unix seconds.
    wait_seconds: float
    # Until the bucket and the closing let a request start.
    closed_seconds: float
    # Until it opens; not positive where it is open.
    probe_seconds: float
    # What is left of the probe's time; not positive where none is under way.
    owed: float
    # Starts taken from the bucket and not refilled, those reserved ahead included.
    burst: int
    # Starts that a full bucket holds.
    per_minute: float
    # Starts a minute, by the pace.
    audio_wait_seconds: float
    # Until the bucket of audio is out of debt; not positive where it is.
    audio_full_seconds: float
    # From now, or from when it opens, until the bucket of audio is full; 0 where it is.

    @property
    def tokens(self) -> float:
        """Starts that the bucket holds."""
        return max(0.0, self.burst - self.owed)


def reserve(
    name: str, *, audio_seconds: float, longest_seconds: float, probe_seconds: float
) -> float | None:
    """Reserve a start; return how many seconds it is ahead.

    None, and nothing reserved, where it would be more than *longest_seconds* ahead, where the
    circuit is open, and where there is no such row. With the circuit half open the one who gets a
    start is the probe, and nobody else gets one for *probe_seconds*.
    """
    rows = _run(
        _RESERVE,
        name=name,
        audio=audio_seconds,
        longest=longest_seconds,
        probe=probe_seconds,
    )
    return max(0.0, rows[0][0]) if rows else None


def look(name: str) -> Sight | None:
    """Return the row as it is now; None where there is none."""
    rows = _run(_LOOK, clocked=_OF_A_READER, name=name)
    return Sight(*rows[0]) if rows else None


def close(name: str, *, seconds: float, reason: str) -> None:
    """Let nobody start for *seconds*, and no burst leave then. Never opens sooner than it would."""
    _run(
        _CLOSE,
        also="reason = %(reason)s",
        when="closed_until < {now} + %(seconds)s",
        name=name,
        seconds=seconds,
        reason=reason,
    )


def break_circuit(row: RateLimit, *, seconds: float, reason: str) -> None:
    """Open the circuit for *seconds*, unless it has changed since *row* was read."""
    _run(
        _CLOSE,
        also="is_broken = TRUE, breaks = %(breaks)s, probe_until = 0, reason = %(reason)s",
        when="is_broken = %(was_broken)s AND breaks = %(had)s AND probe_until = %(probed)s",
        name=row.name,
        seconds=seconds,
        reason=reason,
        breaks=min(row.breaks + 1, _MOST_BREAKS),
        was_broken=row.is_broken,
        had=row.breaks,
        probed=row.probe_until,
    )


def mend_circuit(name: str) -> None:
    """Close the circuit after its probe went well; starts follow evenly."""
    _run(
        _CLOSE,
        also="is_broken = FALSE, breaks = 0, probe_until = 0, reason = '', counted_from = {now}",
        when="is_broken AND probe_until > 0",
        name=name,
        seconds=0.0,
    )


_MOST_BREAKS = 1000
# Counted no further.


def _run(
    statement: str, *, clocked: str = _OF_THE_ROW, also: str = "", when: str = "", **values: Any
) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(_spelled(statement, clocked, also, when, connection.vendor), values)
        return cursor.fetchall() if cursor.description else []


@cache
def _spelled(statement: str, clocked: str, also: str, when: str, vendor: str) -> str:
    """Return *statement* in the words of a database."""
    table = RateLimit._meta.db_table  # noqa: SLF001 (Django's way to ask)
    words = {
        **_WORDS[vendor],
        "table": table,
        "ahead": MOST_AHEAD_SECONDS,
        "longest": LONGEST_SLICE_SECONDS,
    }
    seen = _SEEN.format(**words, clocked=clocked.format(**words))
    return statement.format(
        **words, seen=seen, also=also.format(**words), when=when.format(**words)
    )
