"""A key that must appear nowhere, and the forms in which it could hide."""

import base64
from urllib.parse import quote, quote_plus

SENTINEL = "sk-proj-Sentinel/Key+With=Signs&0123456789-never-to-be-seen"


def forms_of(secret: str) -> dict[str, bytes]:
    """Return *secret* raw, quoted, and as base64 wherever in a longer text it begins."""
    raw = secret.encode()
    found = {
        "raw": raw,
        "quoted": quote(secret, safe="").encode(),
        "quoted as in a form": quote_plus(secret).encode(),
        "escaped": repr(secret)[1:-1].encode(),
    }
    for offset in range(3):
        whole = base64.b64encode(b"\0" * offset + raw)
        # Without the characters that the neighbours share.
        inner = whole[4 if offset else 0 : -4]
        found[f"base64 at {offset}"] = inner
        found[f"base64 for addresses at {offset}"] = inner.translate(bytes.maketrans(b"+/", b"-_"))
    return found


def traces_of(secret: str, text: bytes) -> list[str]:
    """Return the forms of *secret* that are in *text*."""
    return [name for name, form in forms_of(secret).items() if form in text]
