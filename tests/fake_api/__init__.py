"""A server on the loopback that speaks the hosted API's transcription call."""

from tests.fake_api.server import (
    Answer,
    Arrival,
    FakeApi,
    error_answer,
    text_answer,
    words_of_the_sound,
)

__all__ = ["Answer", "Arrival", "FakeApi", "error_answer", "text_answer", "words_of_the_sound"]
