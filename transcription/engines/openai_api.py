"""The hosted API, or any server that speaks it: one plain call a slice.

The client's own retries and redirects are off: what is sent twice is paid twice, and a redirect
would carry the audio and the key to another host.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from transcription.engines.base import (
    AccessRefused,
    AnswerUnusable,
    AudioRejected,
    AudioSlice,
    Capabilities,
    EngineBusy,
    EngineError,
    EngineUnavailable,
    Hints,
    Transcription,
)
from transcription.timing import spread

if TYPE_CHECKING:  # it takes a second to import, which no command that asks for help has
    import openai

MOST_BYTES = 26_214_400
# The vendor's limit on a whole request.
NEEDS_PERSON = frozenset(
    {
        "insufficient_quota",
        "credit_balance_exhausted",
        "invalid_api_key",
        "model_not_found",
        "unsupported_country_region_territory",
    }
)
# Error codes that no waiting mends; a spend limit's code ends in "_spend_limit_exceeded".
PLURAL_LANGUAGE = frozenset({"gpt-transcribe"})
# Models that take `languages` and ignore `language`.


class OpenAIEngine:
    """A hosted engine. Gives text; the times of its words are estimated."""

    name = "openai"
    capabilities = Capabilities(
        is_hosted=True,
        word_times=False,
        decodes_windows=False,
        most_ms=None,
        most_bytes=MOST_BYTES,
    )

    def __init__(
        self, model: str, *, api_key: str | None, base_url: str | None, timeout_seconds: float
    ) -> None:
        self.model = model
        self._api_key = api_key
        self._base_url = base_url
        self._timeout_seconds = timeout_seconds
        self._client: openai.OpenAI | None = None

    def check(self) -> None:
        """Raise AccessRefused where no key is set and no server of one's own either."""
        if not self._api_key and not self._base_url:
            raise AccessRefused(
                "No API key is set. Set OPENAI_API_KEY, or use the embedded engine (whisper)."
            )

    @contextmanager
    def ready(self) -> Iterator[None]:
        """Keep a connection open for the block."""
        import openai

        self.check()
        self._client = openai.OpenAI(
            api_key=self._api_key or "none",
            base_url=self._base_url,
            max_retries=0,
            timeout=self._timeout_seconds,
            http_client=openai.DefaultHttpx2Client(follow_redirects=False),
        )
        try:
            yield
        finally:
            self._client.close()
            self._client = None

    def transcribe(self, audio: AudioSlice, *, hints: Hints) -> Transcription:
        """Return the words in *audio*. Needs `ready`."""
        import openai

        if self._client is None:
            raise RuntimeError("transcribe() outside ready()")
        try:
            answer = self._client.audio.transcriptions.with_raw_response.create(
                file=("chunk.wav", audio.wav, "audio/wav"),
                model=self.model,
                response_format="json",
                **self._language(hints),
            )
        except openai.OpenAIError as error:
            raise translated(error, key=self._api_key) from error
        return Transcription(spread(_text_of(answer.text), audio.speech, audio.duration_ms))

    def _language(self, hints: Hints) -> dict[str, Any]:
        if self.model in PLURAL_LANGUAGE:
            return {"languages": [hints.language]}
        return {"language": hints.language}


def _text_of(body: str) -> str:
    """Return the text in an answer. Raises AnswerUnusable."""
    try:
        answer = json.loads(body)
    except ValueError as error:
        raise AnswerUnusable("The engine's answer is not JSON.") from error
    text = answer.get("text") if isinstance(answer, dict) else None
    if not isinstance(text, str):
        raise AnswerUnusable("The engine's answer holds no text.")
    return text


def translated(error: "openai.OpenAIError", *, key: str | None) -> EngineError:
    """Return our error for one of the client's: the one place that knows the vendor's.

    The message is stored and shown, so *key* is taken out where the server repeats it.
    """
    import openai

    match error:
        case openai.APIStatusError():
            said = error.message.replace(key, "…") if key else error.message
            return _by_status(error, said)
        case openai.APIResponseValidationError():
            return AnswerUnusable("The engine's answer has the wrong shape.")
        case openai.APITimeoutError():
            return EngineUnavailable("The engine did not answer in time.")
        case openai.APIConnectionError():
            return EngineUnavailable(f"The engine could not be reached: {error}")
    return EngineUnavailable(f"The engine's client failed: {error}")


def _by_status(error: "openai.APIStatusError", message: str) -> EngineError:
    code = str(error.code or error.type or "")
    said = f"The engine refused: {message}"
    if code in NEEDS_PERSON or code.endswith("_spend_limit_exceeded"):
        return AccessRefused(said)
    match error.status_code:
        case 429 | 503:
            return EngineBusy(said)
        case 400 | 413 | 415 | 422:
            return AudioRejected(said)
        case 301 | 302 | 303 | 307 | 308 | 401 | 402 | 403 | 404:
            return AccessRefused(said)
    return EngineUnavailable(f"The engine failed: {message}")
