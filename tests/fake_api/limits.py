"""What the vendor refuses, and in which words.

The limits are those of its reference and its error messages; messages read like the vendor's, so
that what is made of them for people can be judged.
"""

import base64
import binascii
from collections.abc import Callable, Iterator

from tests.fake_api.answers import Answer, error_answer, invalid, json_answer
from tests.fake_api.arrivals import Arrival
from tests.fake_api.audio import MAGIC, NotThatSound, sound_in
from tests.fake_api.models import Model, Models

MOST_BYTES = 26_214_400
# Of the whole request's body.
LEAST_MS = 100
NO_KEYWORD = frozenset("<>\r\n")
# Characters of which one rejects the whole request.
MOST_SPEAKERS = 4
SPEAKER_MS = (2_000, 10_000)
# How long the sound of a known speaker may be.


def model_answer(name: str, models: Models) -> Answer:
    """Answer ``GET /v1/models/{name}``."""
    return json_answer(models[name].card) if name in models else unknown_model(name)


def models_answer(models: Models) -> Answer:
    return json_answer({"object": "list", "data": [model.card for model in models.values()]})


def unknown_model(name: str) -> Answer:
    return error_answer(
        404,
        code="model_not_found",
        message=f"The model `{name}` does not exist or you do not have access to it.",
        kind="invalid_request_error",
    )


def refused_key(authorization: str, known_key: str | None) -> Answer | None:
    """Return the refusal of a wrong key, which it repeats in full, as a careless server does.

    The vendor's own shows a few characters of it; some servers that speak its language, all.
    """
    key = authorization.removeprefix("Bearer ")
    if known_key is None or key == known_key:
        return None
    if not key:
        message = "You didn't provide an API key. You need to provide your API key in a header."
        return error_answer(401, message=message, kind="invalid_request_error")
    return error_answer(
        401,
        code="invalid_api_key",
        message=f"Incorrect API key provided: {key}. You can find your API key at "
        "https://platform.openai.com/account/api-keys.",
        kind="invalid_request_error",
    )


def refusal(arrival: Arrival, models: Models) -> Answer | None:
    """Return why the vendor would not serve this request; None: it would."""
    checks: tuple[Callable[[], Iterator[Answer]], ...] = (
        lambda: _of_the_form(arrival, models),
        lambda: _of_the_hints(arrival, models[arrival.model]),
        lambda: _of_the_file(arrival),
        lambda: _of_the_length(arrival, models[arrival.model]),
    )
    return next((answer for check in checks for answer in check()), None)


def _of_the_form(arrival: Arrival, models: Models) -> Iterator[Answer]:
    if arrival.upload.size > MOST_BYTES:
        read = f"{arrival.upload.size} bytes read"
        message = f"413: Maximum content size limit ({MOST_BYTES}) exceeded ({read})"
        yield error_answer(413, message=message, kind="server_error")
    if arrival.upload.problem == "form":
        yield invalid("We could not parse your multipart form. Check the boundary and try again.")
    if not arrival.model:
        yield invalid("you must provide a model parameter")
    if arrival.model not in models:
        yield unknown_model(arrival.model)


def _of_the_hints(arrival: Arrival, model: Model) -> Iterator[Answer]:
    form = arrival.first("response_format") or "json"
    if form not in model.formats:
        others = " or ".join(f"'{known}'" for known in model.formats)
        yield invalid(
            f"response_format '{form}' is not compatible with model '{model.name}-api-ev3'. "
            f"Use {others} instead.",
            param="response_format",
            code="unsupported_value",
        )
    if arrival.first("language") and arrival.all("languages"):
        message = "Only one of 'language' and 'languages' may be provided."
        yield invalid(message, param="languages", code="invalid_value")
    for hint in sorted(model.refuses):
        if any(arrival.all(hint)):
            message = f"{hint.capitalize()} is not supported for diarization models"
            yield invalid(message, param=hint, code="unsupported_parameter")
    if "keywords" in model.reads:
        for keyword in arrival.all("keywords"):
            if NO_KEYWORD & set(keyword):
                message = "Keywords must not contain '<', '>', or line breaks."
                yield invalid(message, param="keywords", code="invalid_value")
    yield from _of_the_speakers(arrival)


def _of_the_speakers(arrival: Arrival) -> Iterator[Answer]:
    names = arrival.all("known_speaker_names")
    references = arrival.all("known_speaker_references")
    if max(len(names), len(references)) > MOST_SPEAKERS or len(names) != len(references):
        message = f"Up to {MOST_SPEAKERS} known speakers, each with a reference, are supported."
        yield invalid(message, param="known_speaker_names", code="invalid_value")
    for reference in references:
        if not SPEAKER_MS[0] <= reference_ms(reference) <= SPEAKER_MS[1]:
            message = "Known speaker references must be between 2 and 10 seconds long."
            yield invalid(message, param="known_speaker_references", code="invalid_value")


def reference_ms(data_url: str) -> int:
    """Return how long the sound in a data URL (RFC 2397) is; 0 for what is none."""
    kind, _, content = data_url.partition(";base64,")
    extension = kind.rpartition("/")[2].removeprefix("x-").replace("wave", "wav")
    try:
        return sound_in(extension, base64.b64decode(content, validate=True)).duration_ms
    except (NotThatSound, KeyError, binascii.Error):
        return 0


def _of_the_file(arrival: Arrival) -> Iterator[Answer]:
    match arrival.upload.problem:
        case "missing":
            yield invalid("file is a required property", param="file")
        case "extension":
            known = sorted(MAGIC)
            yield invalid(f"Invalid file format. Supported formats: {known}", param="file")
        case "container":
            yield invalid(
                "The audio file could not be decoded or its format is not supported.", param="file"
            )


def _of_the_length(arrival: Arrival, model: Model) -> Iterator[Answer]:
    seconds = arrival.upload.duration_ms / 1000
    if arrival.upload.duration_ms < LEAST_MS:
        message = "Audio file is too short. Minimum audio length is 0.1 seconds."
        yield invalid(message, param="file", code="audio_too_short")
    if seconds > model.longest_seconds:
        yield invalid(
            f"audio duration {seconds:.6f} seconds is longer than "
            f"{model.longest_seconds:g} seconds which is the maximum for this model",
            code="invalid_value",
        )
    if seconds > model.unchunked_seconds and not arrival.first("chunking_strategy"):
        message = "chunking_strategy is required for diarization models"
        yield invalid(message, param="chunking_strategy", code="invalid_value")
