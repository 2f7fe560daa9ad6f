"""What a log line may not hold: an address that lets its bearer in."""

import logging

from django.http import HttpRequest


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
