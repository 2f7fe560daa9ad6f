"""The clients of a run: those of the bookings (``bench.booking.client``), asking something else."""

import json
import sys

from bench.booking.client import run


def request(port: int, path: str, authorization: str, body: bytes) -> bytes:
    """One request as it goes over the wire, as from a proxy that ended TLS."""
    head = (
        f"POST {path} HTTP/1.1\r\n"
        f"Host: 127.0.0.1:{port}\r\n"
        "X-Forwarded-Proto: https\r\n"
        f"Authorization: {authorization}\r\n"
        "Content-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def main() -> None:
    asked = json.load(sys.stdin)
    contents = [
        request(asked["port"], path, authorization, body.encode())
        for path, authorization, body in asked["requests"]
    ]
    json.dump(run(asked["port"], contents, asked["clients"], asked["seconds"]), sys.stdout)


if __name__ == "__main__":
    main()
