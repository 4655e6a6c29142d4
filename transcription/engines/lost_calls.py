"""What it means that a call ended without an answer: the exceptions of the client's layers. Pure.

The client wraps what the layer below it raised, which wraps what the system did; the outermost
that means anything by itself decides.
"""

import ssl
from collections.abc import Iterator
from enum import Enum

from transcription.engines.base import AccessRefused, EngineError, EngineUnavailable
from transcription.engines.redaction import redacted
from transcription.engines.replies import one_line, shortened


class Failure(Enum):
    """What it means that an exception came and no answer."""

    LATE = "The engine did not answer in time: {seconds:g} seconds were over."
    LOST = "The connection to the engine was lost."
    GARBLED = "The engine broke off, or answered with something that is no HTTP."
    UNREACHED = "The engine could not be reached."
    SETTINGS = (
        "The request cannot be made with these settings. Look at OPENAI_BASE_URL, OPENAI_API_KEY "
        "and the proxy."
    )
    OURS = "The engine's client failed."
    WRAPPER = "The connection to the engine failed."
    # Its cause says more.


_LATE = ("APITimeoutError", "TimeoutException", "ReadTimeout", "WriteTimeout", "PoolTimeout")
_OURS = (
    *("OpenAIError", "APIError", "APIResponseValidationError", "LengthFinishReasonError"),
    *("ContentFilterFinishReasonError", "InvalidWebhookSignatureError"),
    *("SubjectTokenProviderError", "WebSocketConnectionClosedError", "WebSocketQueueFullError"),
    "_AmbiguousModuleClientUsageError",
    *("HTTPError", "HTTPStatusError", "StreamError", "StreamConsumed", "StreamClosed"),
    *("ResponseNotRead", "RequestNotRead", "CookieConflict", "SSEError"),
)
_STATUS = (
    *("APIStatusError", "BadRequestError", "AuthenticationError", "OAuthError"),
    *("PermissionDeniedError", "NotFoundError", "ConflictError", "UnprocessableEntityError"),
    *("RateLimitError", "InternalServerError"),
)
EXCEPTIONS = {
    **dict.fromkeys(_LATE, Failure.LATE),
    **dict.fromkeys(("ConnectError", "ConnectTimeout", "ProxyError"), Failure.UNREACHED),
    **dict.fromkeys(("NetworkError", "ReadError", "WriteError", "CloseError"), Failure.LOST),
    **dict.fromkeys(
        ("ProtocolError", "RemoteProtocolError", "DecodingError", "TooManyRedirects"),
        Failure.GARBLED,
    ),
    **dict.fromkeys(
        ("LocalProtocolError", "UnsupportedProtocol", "InvalidURL", "ValueError"), Failure.SETTINGS
    ),
    **dict.fromkeys(("APIConnectionError", "RequestError", "TransportError"), Failure.WRAPPER),
    **dict.fromkeys(_OURS, Failure.OURS),
    **dict.fromkeys(_STATUS, Failure.OURS),
}
# By class name; those of `_STATUS` come with an answer, which decides.
TLS = (
    "The engine's certificate is not to be trusted, so no audio was sent. "
    "Look at OPENAI_BASE_URL and at what stands between here and there."
)


def failure(
    error: Exception, *, was_sent: bool, key: str | None, timeout_seconds: float
) -> EngineError:
    """Return our error for a call without an answer; *was_sent*: all of it had reached the server.

    The message is without *key*.
    """
    causes = list(_causes(error))
    meaning = _meaning(causes)
    why = shortened(redacted(one_line(str(causes[-1])), key))
    if meaning is Failure.UNREACHED and any(_is_distrust(cause) for cause in causes):
        return AccessRefused(f"{TLS} It is: {why}")
    told = meaning.value.format(seconds=timeout_seconds)
    message = f"{told} ({why})" if why and meaning is not Failure.LATE else told
    if meaning is Failure.SETTINGS:
        return AccessRefused(message)
    billed = was_sent and meaning is not Failure.UNREACHED
    return EngineUnavailable(message, may_be_billed=billed)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield *error* and what it came of; the connection pool hides causes with ``from None``."""
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        seen = seen.__cause__ or seen.__context__


def _meaning(causes: list[BaseException]) -> Failure:
    """Return what the outermost error means that means anything by itself."""
    for cause in causes:
        for ancestor in type(cause).__mro__:
            meaning = EXCEPTIONS.get(ancestor.__name__)
            if meaning is not None and meaning is not Failure.WRAPPER:
                return meaning
            if meaning is Failure.WRAPPER:
                break
    return Failure.LOST if isinstance(causes[-1], OSError) else Failure.OURS


def _is_distrust(error: BaseException) -> bool:
    """Tell a certificate, or a server that speaks no TLS, from a handshake cut short."""
    passing = (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError)
    return isinstance(error, ssl.SSLError) and not isinstance(error, passing)
