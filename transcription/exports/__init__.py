"""What a transcript can be written as."""

from collections.abc import Callable
from dataclasses import dataclass

from transcription.exports import json, text
from transcription.exports.transcript import Transcript


@dataclass(frozen=True, slots=True)
class Format:
    """One way to write a transcript."""

    name: str
    # As in `--format` and in the page's address.
    content_type: str
    extension: str
    # Without the dot.
    render: Callable[[Transcript], bytes]


FORMATS = {
    known.name: known
    for known in (
        Format("txt", "text/plain; charset=utf-8", "txt", text.render),
        Format("json", "application/json", "json", json.render),
    )
}
