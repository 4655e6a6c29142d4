"""A server on the loopback that speaks the hosted API, with its limits and its faults.

As a process of its own: ``python -m tests.fake_api``.
"""

from tests.fake_api.answers import Answer, error_answer, text_answer
from tests.fake_api.arrivals import Arrival
from tests.fake_api.formats import words_of_the_sound
from tests.fake_api.models import Model
from tests.fake_api.quotas import Quota
from tests.fake_api.recordings import KnownRecording, SpokenWord
from tests.fake_api.server import FakeApi

__all__ = [
    "Answer",
    "Arrival",
    "FakeApi",
    "KnownRecording",
    "Model",
    "Quota",
    "SpokenWord",
    "error_answer",
    "text_answer",
    "words_of_the_sound",
]
