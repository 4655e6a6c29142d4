"""Rate limits that the server keeps itself, for what learns them from its answers."""

from collections import deque
from dataclasses import dataclass
from math import ceil, inf
from threading import Lock

from tests.fake_api.answers import Answer, error_answer


@dataclass(frozen=True)
class Quota:
    """How much the server takes. What is over gets a 429 with Retry-After."""

    requests: float = inf
    per_seconds: float = 60.0
    # In every window of this length, at most so many requests are served.
    at_once: float = inf


class Gate:
    """Counts what was let in. For many threads."""

    def __init__(self, quota: Quota) -> None:
        self.quota = quota
        self._let_in: deque[float] = deque()
        self._lock = Lock()

    def refusal(self, at: float, at_once: int) -> Answer | None:
        """Let the request in, or say why not. *at* is `time.monotonic()`."""
        if at_once > self.quota.at_once:
            return too_many("concurrent requests", self.quota.at_once, 1, self.headers(0, 1))
        with self._lock:
            while self._let_in and self._let_in[0] <= at - self.quota.per_seconds:
                self._let_in.popleft()
            if len(self._let_in) < self.quota.requests:
                self._let_in.append(at)
                return None
            seconds = self._let_in[0] + self.quota.per_seconds - at
        return too_many("requests per min (RPM)", self.quota.requests, seconds, self.told(at))

    def told(self, at: float) -> dict[str, str]:
        """Return the headers by which every answer tells how much is left."""
        with self._lock:
            left = max(0, self.quota.requests - len(self._let_in))
            first = self._let_in[0] if self._let_in else at
        return self.headers(left, max(0.0, first + self.quota.per_seconds - at))

    def headers(self, left: float, seconds: float) -> dict[str, str]:
        if self.quota.requests == inf:
            return {}
        return limit_headers(int(self.quota.requests), int(left), duration(seconds))


def limit_headers(limit: int, remaining: int, reset: str) -> dict[str, str]:
    return {
        "x-ratelimit-limit-requests": str(limit),
        "x-ratelimit-remaining-requests": str(remaining),
        "x-ratelimit-reset-requests": reset,
    }


def duration(seconds: float) -> str:
    """Return a time as the vendor writes it: “12ms”, “1.2s”, “6m0s”."""
    if seconds < 1:
        return f"{ceil(seconds * 1000)}ms"
    minutes, rest = divmod(seconds, 60)
    return f"{minutes:.0f}m{rest:.0f}s" if minutes else f"{rest:.3g}s"


def too_many(what: str, limit: float, seconds: float, headers: dict[str, str]) -> Answer:
    return error_answer(
        429,
        code="rate_limit_exceeded",
        message=f"Rate limit reached for this model in organization org-fake on {what}: "
        f"Limit {limit:g}. Please try again in {duration(seconds)}.",
        kind="requests",
        headers={**headers, "Retry-After": str(ceil(seconds))},
    )
