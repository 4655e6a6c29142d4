"""What the tests of the hosted engine share: a key, a slice, and a call to a server."""

from hearings.spans import Span
from tests.fake_api import FakeApi
from transcription.engines.base import AudioSlice, Encoding, Hints, Transcription
from transcription.engines.openai_api import Forgetful, OpenAIEngine

KEY = "sk-proj-Sentinel/Key+That=Must_Stay-Secret"
AUDIO = AudioSlice(pcm=bytes(range(250)) * 256, span=Span(60_000, 62_000))
# Two seconds: 64,000 bytes.


def engine_at(
    api: FakeApi,
    model: str = "gpt-transcribe",
    *,
    api_key: str | None = KEY,
    timeout_seconds: float = 30,
    traits: Forgetful | None = None,
) -> OpenAIEngine:
    return OpenAIEngine(
        model, api_key=api_key, base_url=api.url, timeout_seconds=timeout_seconds, traits=traits
    )


def transcribe(  # noqa: PLR0913 (each what a test varies)
    api: FakeApi,
    model: str = "gpt-transcribe",
    *,
    audio: AudioSlice = AUDIO,
    keywords: tuple[str, ...] = (),
    api_key: str | None = KEY,
    timeout_seconds: float = 30,
) -> Transcription:
    engine = engine_at(api, model, api_key=api_key, timeout_seconds=timeout_seconds)
    with engine.ready():
        return engine.transcribe(audio, hints=Hints("en", keywords))


def silence(seconds: int, encoding: Encoding = Encoding.WAV) -> AudioSlice:
    return AudioSlice(bytes(32_000 * seconds), Span(0, seconds * 1000), encoding=encoding)
