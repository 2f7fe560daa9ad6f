"""What the page of a badge asks of the database and sends over the wire.

Counted is what a browser that was never here needs to show it: the page, its style sheets, its
script and the icon of its tab, each as the server sends it to whoever takes gzip, with the heads
of the answers. The page has no fonts of its own and no pictures besides those drawn in it.
"""

import re
import socket
from dataclasses import dataclass
from urllib.parse import urlencode

HEAD = "{what} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nX-Forwarded-Proto: https\r\n"
NEEDED = re.compile(r'<(?:link rel="(?:stylesheet|icon)" href|script src)="([^"]+)"')


@dataclass(frozen=True)
class Weight:
    """Bytes on the wire: all, and what of them is heads; and of how many answers."""

    sent: int
    heads: int
    answers: int


@dataclass(frozen=True)
class _Answer:
    head: bytes
    body: bytes

    @property
    def sent(self) -> int:
        return len(self.head) + len(self.body)

    @property
    def text(self) -> str:
        import gzip  # noqa: PLC0415

        packed = b"content-encoding: gzip" in self.head.lower()
        return (gzip.decompress(self.body) if packed else self.body).decode()


def _ask(port: int, what: str, more: str = "", body: str = "") -> _Answer:
    """One request as a browser makes it, and the answer as it came."""
    head = HEAD.format(what=what, port=port) + "Accept-Encoding: gzip, deflate, br, zstd\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=30) as link:
        link.sendall((head + more + "Connection: close\r\n\r\n" + body).encode())
        received = bytearray()
        while part := link.recv(65_536):
            received += part
    first, rest = bytes(received).split(b"\r\n\r\n", 1)
    if not first.startswith(b"HTTP/1.1 200"):
        raise RuntimeError(f"{what}: {first[:60]!r}")
    return _Answer(first + b"\r\n\r\n", rest)


def weigh(port: int, code: str, number: str) -> dict[str, Weight]:
    """The page as it is opened, and as it answers the code with the student's number."""
    opened = _ask(port, "GET /badge/")
    match = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', opened.text)
    cookie = re.search(rb"set-cookie: *(csrftoken=\w+)", opened.head, re.IGNORECASE)
    assert match is not None
    assert cookie is not None
    form = urlencode({"csrfmiddlewaretoken": match[1], "code": code, "student_no": number})
    answered = _ask(
        port,
        "POST /badge/",
        f"Cookie: {cookie[1].decode()}\r\nReferer: https://127.0.0.1:{port}/badge/\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\n"
        f"Content-Length: {len(form)}\r\n",
        form,
    )
    if 'id="hours"' not in answered.text:
        raise RuntimeError("The page does not show the hours.")
    # A browser that draws the one icon does not ask for the other.
    needed = [one for one in NEEDED.findall(opened.text) if not one.endswith(".ico")]
    files = [_ask(port, f"GET {address}") for address in needed]
    return {
        name: Weight(
            sent=sum(one.sent for one in (page, *files)),
            heads=sum(len(one.head) for one in (page, *files)),
            answers=1 + len(files),
        )
        for name, page in (("opened", opened), ("answered", answered))
    }
