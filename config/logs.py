"""How a log line is written: without an address that lets its bearer in, and without what stood
in the row that an error is about."""

import logging
import re
from types import TracebackType

from django.http import HttpRequest

ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]

# PostgreSQL tells the whole row that broke a rule, names included: "DETAIL:  Failing row contains
# (12, …)". It is the last of an error's text, and the next error begins after a blank line.
DETAIL = re.compile(
    r"^(DETAIL|CONTEXT):.*?(?=\n\n(?:The above exception|During handling)|\Z)",
    re.MULTILINE | re.DOTALL,
)


class NoSecretAddresses(logging.Filter):
    """Names a page by its route where its address holds words of its own, such as the token of
    an invitation; by its address otherwise.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        request = getattr(record, "request", None)
        if not isinstance(request, HttpRequest):
            return True
        match = request.resolver_match
        if match is not None and any(isinstance(word, str) for word in match.kwargs.values()):
            assert isinstance(record.args, tuple)
            record.args = tuple(
                f"/{match.route}" if word == request.path else word for word in record.args
            )
        return True


class NamelessFormatter(logging.Formatter):
    """Log lines of which no part was a row's contents."""

    def formatException(self, ei: ExcInfo) -> str:  # noqa: N802 (logging's name)
        return DETAIL.sub(r"\1: left out", super().formatException(ei))
