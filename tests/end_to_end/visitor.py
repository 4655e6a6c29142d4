"""A visitor of a real server who sends and reads bytes, for what a browser would not do."""

import re
import socket
from collections.abc import Iterable
from dataclasses import dataclass, field
from http.client import HTTPConnection
from urllib.parse import urlencode

ADD = "/admin/hearings/hearing/add/"
EDGE = "edge-of-a-part"
PATIENCE_SECONDS = 1800


@dataclass(frozen=True)
class Answer:
    """What the server said."""

    status: int
    location: str
    body: str


@dataclass
class Visitor:
    """Somebody with cookies."""

    port: int
    cookies: dict[str, str] = field(default_factory=dict)

    def get(self, address: str) -> Answer:
        connection = self._connection()
        connection.request("GET", address, headers={"Cookie": self._cookie})
        return self._heard(connection)

    def sign_in(self, name: str, password: str) -> None:
        self.get("/admin/login/")
        form = {"username": name, "password": password, "next": "/admin/", **self._token}
        kind = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": self._cookie}
        connection = self._connection()
        connection.request("POST", "/admin/login/", urlencode(form), kind)
        assert self._heard(connection).status == 302

    def upload(self, blocks: Iterable[bytes], byte_count: int, *, title: str) -> Answer:
        """Send the form of a new hearing as a browser does, its file in blocks."""
        connection, tail = self._begun(byte_count, title)
        for block in blocks:
            connection.send(block)
        connection.send(tail)
        return self._heard(connection)

    def break_off(self, sent: bytes, byte_count: int, *, title: str) -> None:
        """Announce a file of *byte_count*, send some of it, and hang up."""
        connection, _ = self._begun(byte_count, title)
        connection.send(sent)
        connection.sock.shutdown(socket.SHUT_RDWR)
        connection.close()

    def _begun(self, byte_count: int, title: str) -> tuple[HTTPConnection, bytes]:
        fields = {"title": title, "date": "2026-03-12", "type": "hearing", "language": "en"}
        none = {"witnesses-TOTAL_FORMS": "0", "witnesses-INITIAL_FORMS": "0"}
        text = "".join(
            f'--{EDGE}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in (fields | none | self._token).items()
        )
        text += (
            f'--{EDGE}\r\nContent-Disposition: form-data; name="upload"; '
            'filename="hearing.wav"\r\nContent-Type: audio/wav\r\n\r\n'
        )
        head, tail = text.encode(), f"\r\n--{EDGE}--\r\n".encode()
        connection = self._connection()
        connection.putrequest("POST", ADD)
        connection.putheader("Cookie", self._cookie)
        connection.putheader("Content-Type", f"multipart/form-data; boundary={EDGE}")
        connection.putheader("Content-Length", str(len(head) + byte_count + len(tail)))
        connection.endheaders()
        connection.send(head)
        return connection, tail

    def _connection(self) -> HTTPConnection:
        return HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_SECONDS)

    def _heard(self, connection: HTTPConnection) -> Answer:
        answer = connection.getresponse()
        body = answer.read().decode(errors="replace")
        connection.close()
        set_cookies = re.findall(r"(?im)^Set-Cookie: ([^=]+)=([^;]*)", str(answer.headers))
        self.cookies |= dict(set_cookies)
        return Answer(answer.status, answer.headers.get("Location", ""), body)

    @property
    def _token(self) -> dict[str, str]:
        return {"csrfmiddlewaretoken": self.cookies["csrftoken"]}

    @property
    def _cookie(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())
