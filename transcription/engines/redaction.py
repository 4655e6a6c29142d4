"""A secret taken out of what is kept or shown, however it was written. Pure."""

import base64
import json
from collections.abc import Iterator
from urllib.parse import quote, quote_plus

LEAST_LENGTH = 8
# What is shorter is no secret, only a word that a server of one's own wants to see as a key.
INSTEAD = "…"


def redacted(text: str, secret: str | None) -> str:
    """Return *text* without *secret*."""
    for form in forms(secret):
        text = text.replace(form, INSTEAD)
    return text


def redacted_bytes(body: bytes, secret: str | None) -> bytes:
    """Return *body* without *secret*."""
    for form in forms(secret):
        body = body.replace(form.encode(), INSTEAD.encode())
    return body


def forms(secret: str | None) -> Iterator[str]:
    """Yield *secret* raw, in URLs, in JSON and in base64, longest first; none for a short one."""
    if secret is None or len(secret) < LEAST_LENGTH:
        return
    plain = {secret, quote(secret, safe=""), quote(secret), quote_plus(secret)}
    plain |= {json.dumps(secret)[1:-1], json.dumps(secret).replace("/", "\\/")[1:-1]}
    yield from sorted(plain | set(_in_base64(secret)), key=len, reverse=True)


def _in_base64(secret: str) -> Iterator[str]:
    """Yield what base64 makes of *secret*, alone or in the middle of something longer.

    Three bytes become four letters, so there are three ways to begin. What of its first and last
    letters depends on the neighbours is left out.
    """
    content = secret.encode()
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        for before in range(3):
            whole = encode(bytes(before) + content + bytes(-(before + len(content)) % 3)).decode()
            first, last = (0, 2, 3)[before], (0, 3, 2)[(before + len(content)) % 3]
            yield whole[first : len(whole) - last]
