"""The hosted API, or any server that speaks it: one plain call a slice.

The client's own retries and redirects are off: what is sent twice is paid twice, and a redirect
would carry the audio and the key to another host.
"""

import json
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

from hearings.spans import Span
from transcription.engines import answers, lost_calls, refusals
from transcription.engines.advice import rate_advice
from transcription.engines.base import (
    AccessRefused,
    Answer,
    AnswerUnusable,
    AudioSlice,
    Capabilities,
    EngineError,
    Hints,
    Transcription,
)
from transcription.engines.encoding import upload_of
from transcription.engines.hosted_models import PLAINEST, HostedModel, hosted_model
from transcription.engines.redaction import redacted, redacted_bytes
from transcription.engines.replies import SUCCESS_BELOW, Reply, complaint_in

if TYPE_CHECKING:  # they take a second to import, which no command that asks for help has
    import openai

    from transcription.engines.transport import CappedTransport

VENDOR = "https://api.openai.com/v1"
VENDORS_HOST = "api.openai.com"
LONGEST_LOOK_SECONDS = 30.0
# Of a question that sends no audio.
LONGEST_REQUEST_ID = 200
TALKATIVE = ("openai", "httpx2", "httpcore2")
# Loggers that print headers and bodies when asked for everything.


class Traits(Protocol):
    """What a server was found to do with the model. Read each time, learned once."""

    def response_format(self) -> str:
        """Return the richest form of answer that it gives, "" where that is not known."""

    def learn_response_format(self, response_format: str) -> None: ...

    def learn_shutdown(self, day: date | None) -> None: ...


@dataclass(slots=True)
class Forgetful:
    """Traits that nobody else sees."""

    known_format: str = ""
    shutdown_date: date | None = None

    def response_format(self) -> str:
        return self.known_format

    def learn_response_format(self, response_format: str) -> None:
        self.known_format = response_format

    def learn_shutdown(self, day: date | None) -> None:
        self.shutdown_date = day


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What a server says of a model."""

    shutdown_date: date | None
    # From when on it answers no more; None where no end is announced.


@dataclass(frozen=True, slots=True)
class Connection:
    """The vendor's client on a wire of ours."""

    client: "openai.OpenAI"
    wire: "CappedTransport"


class OpenAIEngine:
    """A hosted engine. What it can do depends on the model."""

    name = "openai"

    def __init__(  # noqa: PLR0913 (each a setting of its own)
        self,
        model: str,
        *,
        api_key: str | None,
        base_url: str | None,
        timeout_seconds: float,
        usd_per_minute: Decimal | None = None,
        traits: Traits | None = None,
    ) -> None:
        """*usd_per_minute* is the price that the settings give.

        None: as in the table, whose prices are the vendor's; another server's are not known.
        """
        self.model = model
        self._traits = traits or Forgetful()
        self._api_key = api_key
        self._base_url = base_url
        self._timeout_seconds = timeout_seconds
        self._usd_per_minute = usd_per_minute
        self._connection: Connection | None = None

    @property
    def capabilities(self) -> Capabilities:
        model = hosted_model(self.model)
        price = self._usd_per_minute
        if price is None and self._is_vendors_server:
            price = model.usd_per_minute
        return Capabilities(
            is_hosted=True,
            word_times=model.word_times and model.is_known,
            decodes_windows=False,
            most_ms=model.most_ms,
            most_bytes=model.most_bytes,
            most_tokens=model.most_tokens,
            usd_per_minute=price,
        )

    @property
    def _is_vendors_server(self) -> bool:
        try:
            return not self._base_url or urlsplit(self._base_url).hostname == VENDORS_HOST
        except ValueError:
            return False

    def check(self) -> None:
        """Raise AccessRefused where the settings cannot work. Asks no server."""
        if not self._api_key and not self._base_url:
            raise AccessRefused(
                "No API key is set. Set OPENAI_API_KEY, or use the embedded engine (whisper)."
            )
        if self._api_key and not (self._api_key.isascii() and self._api_key.isprintable()):
            raise AccessRefused(
                "The API key holds a character that no key has. Set OPENAI_API_KEY anew."
            )
        if not self.model:
            raise AccessRefused("No model is named. Set OPENAI_TRANSCRIPTION_MODEL.")

    @contextmanager
    def ready(self) -> Iterator[None]:
        """Keep a connection open for the block."""
        self.check()
        with self._connected(self._timeout_seconds) as connection:
            self._connection = connection
            try:
                yield
            finally:
                self._connection = None

    def heeded(self, hints: Hints) -> Hints:
        """Return *hints* as the model is sent them."""
        return replace(hints, keywords=hosted_model(self.model).taken(hints.keywords))

    def transcribe(self, audio: AudioSlice, *, hints: Hints) -> Transcription:
        """Return the words in *audio*. Needs `ready`."""
        if self._connection is None:
            raise RuntimeError("transcribe() outside ready()")
        learned = self._traits.response_format()
        model = _asked(self.model, learned)
        client = self._connection.client
        file = upload_of(audio)
        answer = self._call(
            self._connection,
            lambda: client.audio.transcriptions.with_raw_response.create(
                file=file, model=self.model, **model.form(hints)
            ),
            self._timeout_seconds,
            model,
        )
        try:
            heard = self.read(answer.body, speech=audio.speech, duration_ms=audio.duration_ms)
        except AnswerUnusable as error:
            error.answer = answer
            raise
        if not model.is_known and learned != model.response_format:
            self._traits.learn_response_format(model.response_format)
        return replace(heard, answer=answer)

    def read(self, body: bytes, *, speech: Sequence[Span], duration_ms: int) -> Transcription:
        """Return what a kept answer says. Raises AnswerUnusable."""
        heard = answers.parse(body, speech=speech, duration_ms=duration_ms)
        return Transcription(heard.words, heard.flags, heard.usage)

    def examine(self, *, within_seconds: float = LONGEST_LOOK_SECONDS) -> ModelFacts:
        """Return what the server says of the model, and remember it. Costs nothing.

        Raises EngineError: AccessRefused where the key or the model will not do.
        """
        self.check()
        seconds = min(self._timeout_seconds, within_seconds)
        with self._connected(seconds) as connection:
            models = connection.client.models.with_raw_response
            try:
                answer = self._call(connection, lambda: models.retrieve(self.model), seconds)
            except AccessRefused as error:
                if self._does_not_tell(error.answer):
                    return ModelFacts(None)
                raise
        facts = ModelFacts(_shutdown_date(answer.body))
        self._traits.learn_shutdown(facts.shutdown_date)
        return facts

    @contextmanager
    def _connected(self, timeout_seconds: float) -> "Iterator[Connection]":
        import httpx2
        import openai

        from transcription.engines.transport import CappedTransport

        _keep_quiet()
        base_url = self._base_url or VENDOR
        try:
            wire = CappedTransport(base_url=base_url, timeout_seconds=timeout_seconds)
        except (httpx2.InvalidURL, ValueError) as error:
            raise self._lost(error, was_sent=False, timeout_seconds=timeout_seconds) from None
        with openai.OpenAI(
            api_key=self._api_key or "none",
            base_url=base_url,
            max_retries=0,
            timeout=timeout_seconds,
            default_headers={"Accept-Encoding": "identity"},
            http_client=httpx2.Client(transport=wire, follow_redirects=False),
        ) as client:
            yield Connection(client, wire)

    def _call(
        self,
        connection: Connection,
        ask: Callable[[], Any],
        timeout_seconds: float,
        asked: HostedModel | None = None,
    ) -> Answer:
        """Return the 2xx that *ask* gets; *asked* is the form of a question with audio.

        Raises EngineError, whose causes are not passed on: they may hold the key.
        """
        import httpx2
        import openai

        wire = connection.wire
        wire.forget()
        lost: Exception | None = None
        try:
            ask()
        except (
            *(openai.OpenAIError, httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError),
            *(httpx2.CookieConflict, OSError, ValueError),
        ) as error:
            lost = error
        if wire.reply is not None:
            return self._judged(wire.reply, asked)
        raise self._lost(
            lost or RuntimeError("no answer"),
            was_sent=wire.was_sent,
            timeout_seconds=timeout_seconds,
        )

    def _lost(self, error: Exception, *, was_sent: bool, timeout_seconds: float) -> EngineError:
        return lost_calls.failure(
            error, was_sent=was_sent, key=self._api_key, timeout_seconds=timeout_seconds
        )

    def _judged(self, reply: Reply, asked: HostedModel | None = None) -> Answer:
        """Return the answer of a call that went through. Raises EngineError for any other."""
        answer = self._kept(reply)
        if reply.status >= SUCCESS_BELOW:
            raise self._refusal(reply, answer, asked)
        if reply.is_cut:
            raise AnswerUnusable(
                "The engine's answer is far longer than any transcript; only its start was read.",
                answer=answer,
            )
        return answer

    def _kept(self, reply: Reply) -> Answer:
        name = redacted(reply.headers.get("x-request-id", ""), self._api_key)
        return Answer(
            status=reply.status,
            body=redacted_bytes(reply.body, self._api_key),
            request_id=name[:LONGEST_REQUEST_ID],
            advice=rate_advice(reply.headers),
        )

    def _refusal(self, reply: Reply, answer: Answer, asked: HostedModel | None) -> EngineError:
        if asked and not asked.is_known and asked.response_format != PLAINEST:
            proven = self._traits.response_format()
            complaint = complaint_in(reply.body)
            if proven == asked.response_format and refusals.is_of_form(reply.status, complaint):
                return refusals.form_refused_after_all(self.model, answer)
            if proven != asked.response_format and refusals.may_be_of_form(reply.status, complaint):
                self._traits.learn_response_format(PLAINEST)
                return refusals.asked_wrongly(self.model, answer)
        return refusals.refusal(
            reply, answer, model=self.model, key=self._api_key, now=datetime.now(UTC)
        )

    def _does_not_tell(self, answer: Answer | None) -> bool:
        """Tell a server of one's own that has no such page from one that has no such model."""
        if self._base_url is None or answer is None:
            return False
        unknown = answer.status in refusals.NO_SUCH_PAGE
        return unknown and complaint_in(answer.body).code != "model_not_found"


def _asked(name: str, learned: str) -> HostedModel:
    """Return the model, asked as the server was found to take it."""
    model = hosted_model(name)
    return model.asked_as(learned) if learned and not model.is_known else model


def _shutdown_date(body: bytes) -> date | None:
    try:
        value = json.loads(body)
        return date.fromisoformat(value["shutdown_date"][:10])
    except (ValueError, TypeError, KeyError, RecursionError):
        return None


def _keep_quiet() -> None:
    """Keep the client's loggers from printing headers, whatever OPENAI_LOG said at its import."""
    for name in TALKATIVE:
        logger = logging.getLogger(name)
        logger.setLevel(max(logger.level, logging.WARNING))
