"""Keeps the log of calls while they run. For many threads."""

import json
import socket
import threading
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from tests.fake_api.answers import Answer
from tests.fake_api.arrivals import TRANSCRIPTIONS, Arrival
from tests.fake_api.audio import Upload
from tests.fake_api.refusals import Fault
from tests.fake_api.sockets import has_hung_up


@dataclass(eq=False)
class Call:
    """A request under way."""

    arrival: Arrival
    content_type: str
    connection: socket.socket
    fault: Fault | None = None
    # Chosen when it came.
    is_over: bool = False

    @property
    def is_transcription(self) -> bool:
        return self.arrival.path == TRANSCRIPTIONS


class CallLog:
    """Who came when, who is being served, and what became of each."""

    def __init__(self, file: Path | None, *, keeps_sound: bool) -> None:
        self.arrivals: list[Arrival] = []
        # Transcriptions, in the order in which they were complete.
        self.cut_off: list[Arrival] = []
        # Those whose client was gone before its request was complete.
        self.lookups: list[Arrival] = []
        # All else.
        self.most_at_once = 0
        self.changed = threading.Condition()
        self._under_way: set[Call] = set()
        # Transcriptions whose client waits.
        self._open: set[Call] = set()
        # All that have no end in the log.
        self._tries: Counter[str] = Counter()
        self._keeps_sound = keeps_sound
        self._file = file.open("a", encoding="utf-8") if file else None

    def came(self, call: Call) -> None:
        """Count the call, and with it those whose client has not hung up."""
        with self.changed:
            self._open.add(call)
            if not call.is_transcription:
                return
            self._under_way -= {other for other in self._under_way if has_hung_up(other.connection)}
            self._under_way.add(call)
            call.arrival.at_once = len(self._under_way)
            self.most_at_once = max(self.most_at_once, len(self._under_way))

    def heard(self, call: Call, upload: Upload) -> Arrival:
        """Take the call among the arrivals, now that all of it has come."""
        arrival = call.arrival
        with self.changed:
            arrival.upload = upload
            known = self.arrivals if call.is_transcription else self.lookups
            arrival.number = len(known)
            if upload.sha256:
                self._tries[upload.sha256] += 1
                arrival.nth = self._tries[upload.sha256]
            known.append(arrival)
            self.changed.notify_all()
        return arrival

    def begins(self, call: Call, answer: Answer) -> None:
        call.arrival.began = time.monotonic()
        call.arrival.status = answer.status

    def over(self, call: Call, outcome: str) -> None:
        """Note the end, the first time that it is told."""
        with self.changed:
            if call.is_over:
                return
            call.is_over = True
            self._under_way.discard(call)
            self._open.discard(call)
            arrival = call.arrival
            arrival.ended, arrival.outcome = time.monotonic(), outcome
            if arrival.number < 0:
                self.cut_off.append(arrival)
            if not self._keeps_sound:
                arrival.upload = arrival.upload.without_sound()
            if self._file:
                self._file.write(json.dumps(arrival.record()) + "\n")
                self._file.flush()
            self.changed.notify_all()

    def wait_for_ends(self, seconds: float) -> None:
        """Wait until every call has its end in the log, at most so long."""
        with self.changed:
            self.changed.wait_for(lambda: not self._open, seconds)

    def close(self) -> None:
        if self._file:
            self._file.close()
            self._file = None
