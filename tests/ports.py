"""A port of this machine that nobody listens on."""

import random
import socket

# Below those that the system gives to whoever asks for any, so that nobody is given it between
# our look and the server's start; drawn by each process for itself, whatever the tests' seed is.
FROM, TO = 20_000, 32_000
_draw = random.SystemRandom()


def free_port() -> int:
    while True:
        port = _draw.randrange(FROM, TO)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
