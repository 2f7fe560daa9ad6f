"""How a log line is written: without what stood in the row that an error is about."""

import logging
import re
from types import TracebackType

ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]

# PostgreSQL tells the whole row that broke a rule, names included: "DETAIL:  Failing row contains
# (12, …)". It is the last of an error's text, and the next error begins after a blank line.
DETAIL = re.compile(
    r"^(DETAIL|CONTEXT):.*?(?=\n\n(?:The above exception|During handling)|\Z)",
    re.MULTILINE | re.DOTALL,
)


class NamelessFormatter(logging.Formatter):
    """Log lines of which no part was a row's contents."""

    def formatException(self, ei: ExcInfo) -> str:  # noqa: N802 (logging's name)
        return DETAIL.sub(r"\1: left out", super().formatException(ei))
