"""What each hosted model answers, takes, costs and ends: the vendor's reference as data. Pure.

Another server's models are not in the table; they are asked for the richest form of answer, and
what they turn out to give is remembered elsewhere (`Traits`).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from transcription.engines.base import Hints

MOST_BYTES = 26_214_400
# Of a whole request.
MOST_MS = 1_400_000
# The longest audio that some models take; for the others, which state none, a length as good.
SHORT_MS = 300_000
# Speech of this length stays well under the 2,000 tokens after which some models stop in silence.
SHUTDOWN = date(2027, 2, 26)
MOST_KEYWORDS = 100
LONGEST_KEYWORD = 60
LONGEST_PROMPT = 600
# Characters. Models read the last 224 tokens of a prompt, which are more.
PROMPT, SEPARATOR = "prompt", ", "
# The field that takes hints as a text, and what stands between two.
RICHEST, PLAINEST = "verbose_json", "json"
# Forms of answer: with times, and the one that every server gives.


@dataclass(frozen=True, slots=True)
class HostedModel:
    """A model behind the hosted API."""

    name: str
    response_format: str = PLAINEST
    granularities: tuple[str, ...] = ()
    # What it is asked to give times of.
    language_field: str = "language"
    # "languages" where it takes a list, and ignores the other.
    keyword_field: str | None = None
    # Where names and terms go: "keywords", "prompt"; None: it takes none.
    include: tuple[str, ...] = ()
    # What it gives besides the text where it is asked: "logprobs", how sure it is of each token.
    chunking_strategy: str | None = None
    # How it is told to cut what is long.
    most_ms: int | None = MOST_MS
    most_bytes: int = MOST_BYTES
    most_tokens: int | None = None
    # Of an answer, which ends in silence there.
    usd_per_minute: Decimal | None = None
    # None where the vendor publishes no price.
    shutdown_date: date | None = None
    # From which on it answers no more, as announced.
    is_known: bool = True
    # The vendor's, with what its reference says; not a name that somebody else gave.

    @property
    def word_times(self) -> bool:
        return "word" in self.granularities

    def asked_as(self, response_format: str) -> "HostedModel":
        """Return the model, asked for that form of answer."""
        timed = response_format == RICHEST
        return replace(
            self,
            response_format=response_format,
            granularities=self.granularities if timed else (),
        )

    def form(self, hints: Hints) -> dict[str, Any]:
        """Return the fields of a request besides the file and the model's name."""
        fields: dict[str, Any] = {"response_format": self.response_format}
        if self.granularities:
            fields["timestamp_granularities"] = list(self.granularities)
        if self.include:
            fields["include"] = list(self.include)
        if self.chunking_strategy:
            fields["chunking_strategy"] = self.chunking_strategy
        return fields | self._language(hints) | self._keywords(hints)

    def _language(self, hints: Hints) -> dict[str, Any]:
        """Return one of two fields: both are refused."""
        if not hints.language:
            return {}
        is_list = self.language_field == "languages"
        return {self.language_field: [hints.language] if is_list else hints.language}

    def _keywords(self, hints: Hints) -> dict[str, Any]:
        keywords = self.taken(hints.keywords)
        if not keywords or not self.keyword_field:
            return {}
        if self.keyword_field == PROMPT:
            return {PROMPT: SEPARATOR.join(keywords)}
        return {self.keyword_field: list(keywords)}

    def taken(self, keywords: Iterable[str]) -> tuple[str, ...]:
        """Return those of *keywords* that it is sent, as they are sent. Taken twice, the same."""
        if not self.keyword_field:
            return ()
        clean = clean_keywords(keywords)
        return tuple(_fitting(clean) if self.keyword_field == PROMPT else clean)


def clean_keywords(keywords: Iterable[str]) -> Iterator[str]:
    """Yield what may be sent: one keyword with ``<``, ``>`` or a line break rejects a request.

    One that is too long is left out: half a name would be a wrong one.
    """
    seen: set[str] = set()
    for keyword in keywords:
        printable = "".join(c if c.isprintable() and c not in "<>" else " " for c in keyword)
        clean = " ".join(printable.split())
        is_new = clean.casefold() not in seen and len(seen) < MOST_KEYWORDS
        if is_new and 0 < len(clean) <= LONGEST_KEYWORD:
            seen.add(clean.casefold())
            yield clean


def _fitting(keywords: Iterable[str]) -> Iterator[str]:
    """Yield as many of the *keywords* as go into a prompt, whole, the first first."""
    length = -len(SEPARATOR)
    for keyword in keywords:
        length += len(SEPARATOR) + len(keyword)
        if length > LONGEST_PROMPT:
            return
        yield keyword


_WHISPER = HostedModel(
    "whisper-1",
    response_format=RICHEST,
    granularities=("segment", "word"),
    keyword_field=PROMPT,
    usd_per_minute=Decimal("0.006"),
    shutdown_date=SHUTDOWN,
)
_TEXT = HostedModel(
    "gpt-4o-transcribe",
    keyword_field=PROMPT,
    include=("logprobs",),
    most_ms=SHORT_MS,
    most_tokens=2_000,
    usd_per_minute=Decimal("0.006"),
    shutdown_date=SHUTDOWN,
)
_MINI = replace(_TEXT, name="gpt-4o-mini-transcribe", usd_per_minute=Decimal("0.003"))
_TABLE = (
    HostedModel(
        "gpt-transcribe",
        language_field="languages",
        keyword_field="keywords",
        usd_per_minute=Decimal("0.0045"),
    ),
    _WHISPER,
    _TEXT,
    _MINI,
    replace(_MINI, name="gpt-4o-mini-transcribe-2025-12-15"),
    HostedModel(
        "gpt-4o-transcribe-diarize",
        response_format="diarized_json",
        chunking_strategy="auto",
        shutdown_date=SHUTDOWN,
    ),
)
KNOWN = {model.name: model for model in _TABLE}
_UNKNOWN = HostedModel(
    "",
    response_format=RICHEST,
    granularities=("segment", "word"),
    most_ms=None,
    is_known=False,
)


def hosted_model(name: str) -> HostedModel:
    """Return what is known of a model; what may be hoped for where it is not in the table."""
    return KNOWN.get(name) or replace(_UNKNOWN, name=name)
