"""The clients of a run: one process, one thread, raw sockets, so that it costs next to nothing.

Reads what to send as JSON from its standard input and writes what came back to its output. Every
request is made ready before the clock starts; a client sends its next one when it has the answer.
"""

import json
import selectors
import socket
import sys
import time
import uuid
from collections import Counter
from dataclasses import dataclass, field

TIMEOUT = 60.0


def request(port: int, body: bytes, secret: str) -> bytes:
    """One booking as it goes over the wire, as from a proxy that ended TLS."""
    head = (
        "POST /api/v1/reservations/ HTTP/1.1\r\n"
        f"Host: 127.0.0.1:{port}\r\n"
        "X-Forwarded-Proto: https\r\n"
        f"Authorization: Bearer {secret}\r\n"
        f"Idempotency-Key: {uuid.uuid4().hex}\r\n"
        "Content-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


@dataclass
class Client:
    """A connection and the answer that is on its way."""

    link: socket.socket
    sent_at: float = 0.0
    received: bytearray = field(default_factory=bytearray)

    def send(self, content: bytes) -> None:
        self.received.clear()
        self.sent_at = time.perf_counter()
        self.link.sendall(content)

    def status(self) -> int | None:
        """The answer's status once all of it is there."""
        part = self.link.recv(65_536)
        if not part:
            raise ConnectionError
        self.received += part
        end = self.received.find(b"\r\n\r\n")
        if end < 0:
            return None
        head = bytes(self.received[:end]).lower()
        if b"content-length:" in head:
            length = int(head.split(b"content-length:")[1].split(b"\r\n")[0])
            is_whole = len(self.received) >= end + 4 + length
        else:
            # In chunks, the last one empty.
            is_whole = self.received.endswith(b"0\r\n\r\n")
        return int(head[9:12]) if is_whole else None


def run(port: int, contents: list[bytes], clients: int, seconds: float) -> dict[str, object]:
    """Sends them until they or the seconds run out; what is under way is waited for."""
    loop = selectors.DefaultSelector()
    waiting = iter(contents)
    statuses: Counter[int] = Counter()
    took: list[float] = []
    busy = time.process_time()
    begun = last = time.perf_counter()
    under_way = 0
    for _number in range(clients):
        content = next(waiting, None)
        if content is None:
            break
        client = Client(socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT))
        client.link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        loop.register(client.link, selectors.EVENT_READ, client)
        client.send(content)
        under_way += 1
    while under_way:
        events = loop.select(TIMEOUT)
        if not events:
            break
        for key, _mask in events:
            client = key.data
            status = client.status()
            if status is None:
                continue
            last = time.perf_counter()
            statuses[status] += 1
            took.append(last - client.sent_at)
            content = next(waiting, None) if last - begun < seconds else None
            if content is None:
                under_way -= 1
                loop.unregister(client.link)
                client.link.close()
            else:
                client.send(content)
    return {
        "statuses": dict(statuses),
        "unanswered": under_way,
        "milliseconds": [round(one * 1000, 3) for one in took],
        "seconds": last - begun,
        "client_cpu_seconds": time.process_time() - busy,
    }


def main() -> None:
    asked = json.load(sys.stdin)
    contents = [
        request(
            asked["port"],
            json.dumps({"sessions": one[0], "class_group": one[1], "students": one[2]}).encode(),
            one[3],
        )
        for one in asked["bookings"]
    ]
    json.dump(run(asked["port"], contents, asked["clients"], asked["seconds"]), sys.stdout)


if __name__ == "__main__":
    main()
