"""What a case of the crash sweep left, and whether that may be."""

import os
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from tests.fake_api import Arrival
from tests.fake_api.recordings import KnownRecording, counted_words, noise
from tests.proofs.crashing import CHUNK_MS, CHUNKS, Case

SEED = int(os.environ.get("PROOF_SEED", "1"))
SECONDS = CHUNKS * CHUNK_MS / 1000
KNOWN = KnownRecording(noise(SECONDS), counted_words(SECONDS))
SCRIPT = KNOWN.text.split()
KILLED = -9
MOST_AMBIGUOUS = 2
# Calls to a chunk that may have been billed for nothing; then a person decides.


@dataclass
class Evidence:
    """What a case left, in the rows, on the disk and in the server's log."""

    case: Case
    left: dict[str, Any]
    calls: list[Arrival]
    wrong: list[str] = field(default_factory=list)
    # What must not be, as sentences.

    @property
    def died(self) -> bool:
        return KILLED in self.left["exits"]

    @property
    def needs_person(self) -> list[dict[str, Any]]:
        return [chunk for chunk in self.left["chunks"] if chunk["status"] == "needs_person"]

    @property
    def sent(self) -> list[dict[str, Any]]:
        """The attempts that were to be calls."""
        return [attempt for attempt in self.left["attempts"] if attempt["status"] != "reused"]

    def judged(self) -> list[str]:
        """Return everything that is wrong."""
        self._deaths()
        self._ending()
        self._payments()
        self._announcements()
        self._receipts()
        self._segments()
        self._quiet()
        return [f"seed {SEED}, {self.case.name}: {sentence}" for sentence in self.wrong]

    def _must(self, holds: bool, sentence: str) -> None:
        if not holds:
            self.wrong.append(sentence)

    def _deaths(self) -> None:
        self._must(set(self.left["exits"]) <= {0, KILLED}, f"exits {self.left['exits']}")

    def _ending(self) -> None:
        unclear = Counter(a["chunk_id"] for a in self.left["attempts"] if a["may_be_billed"])
        for chunk in self.left["chunks"]:
            asks = chunk["status"] == "needs_person"
            self._must(asks or chunk["status"] == "done", f"chunk {chunk['status']}")
            self._must(not asks or unclear[chunk["id"]] == MOST_AMBIGUOUS, "asks too early")
            self._must(unclear[chunk["id"]] == chunk["ambiguous"], "miscounted unclear calls")
        wanted = "incomplete" if self.needs_person else "complete"
        self._must(self.left["status"] == wanted, f"the run is {self.left['status']}")

    def _payments(self) -> None:
        """I2, by the server's log: a call that was never whole has no sound in it, and counts."""
        whole = Counter(call.sha256 for call in self.calls if call.number >= 0)
        for chunk in self.left["chunks"]:
            sounds = {
                a["audio_sha256"] for a in self.left["attempts"] if a["chunk_id"] == chunk["id"]
            }
            paid = sum(whole[sound] for sound in sounds)
            self._must(
                paid <= 1 + chunk["ambiguous"], f"{paid} calls, {chunk['ambiguous']} unclear"
            )
        extra = sum(chunk["ambiguous"] for chunk in self.left["chunks"])
        self._must(len(self.calls) <= CHUNKS + extra, f"{len(self.calls)} calls in all")

    def _announcements(self) -> None:
        """I3: each call has its row; a row without a call says that it is unclear."""
        self._must(all(a["status"] != "sending" for a in self.sent), "a call is open for ever")
        whole = Counter(call.sha256 for call in self.calls if call.number >= 0)
        rows = Counter(a["audio_sha256"] for a in self.sent)
        self._must(whole <= rows, "a call was never announced")
        idle = len(self.sent) - len(self.calls)
        lost = sum(a["status"] == "lost" and a["may_be_billed"] for a in self.sent)
        self._must(
            0 <= idle <= lost, f"{len(self.sent)} rows, {len(self.calls)} calls, {lost} lost"
        )
        answered = Counter(a["chunk_id"] for a in self.sent if a["status"] == "ok")
        self._must(all(count == 1 for count in answered.values()), "two answers to one chunk")

    def _receipts(self) -> None:
        """I1: what was kept when a worker died is used, and not asked for again."""
        by_name = {f"{a['id']}-{a['audio_sha256'][:12]}.json": a for a in self.sent}
        done = {chunk["id"] for chunk in self.left["chunks"] if chunk["status"] == "done"}
        for kept in self.left["kept"]:
            for name in kept:
                call = by_name.get(name)
                if not call:
                    self.wrong.append(f"the receipt {name} is of no call")
                    continue
                again = [a for a in self.sent if a["id"] > call["id"] and _is_same(a, call)]
                self._must(not again, f"asked again for {name}")
                self._must(call["status"] == "ok", f"{name} is there, its call {call['status']}")
                self._must(call["chunk_id"] in done, f"{name} is not in its chunk")
        for name, call in by_name.items():
            is_there = name in self.left["receipts"]
            self._must(is_there == (call["status"] == "ok"), f"{name}: {call['status']}")

    def _segments(self) -> None:
        """I10: in order, apart, inside; each word of the script but those that are missing."""
        segments, at = self.left["segments"], 0
        for segment in segments:
            self._must(at <= segment["start_ms"] < segment["end_ms"], "segments overlap")
            at = segment["end_ms"]
        self._must(at <= CHUNKS * CHUNK_MS, "a segment past the end")
        gone = [
            word.text
            for word in KNOWN.words
            for chunk in self.needs_person
            if chunk["start_ms"] <= (word.start_ms + word.end_ms) / 2 < chunk["end_ms"]
        ]
        heard = " ".join(segment["text"] for segment in segments).split()
        self._must(heard == [word for word in SCRIPT if word not in gone], f"text: {heard}")

    def _quiet(self) -> None:
        self._must(self.left["slots"] == 0, f"{self.left['slots']} slots are held")
        self._must(self.left["orphans"] == 0, f"{self.left['orphans']} processes live on")


def _is_same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return bool(one["audio_sha256"] == other["audio_sha256"])
