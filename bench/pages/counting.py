"""How many queries a page takes, said in a header of its answer."""

from collections.abc import Callable
from typing import Any

from django.db import connection
from django.http import HttpRequest, HttpResponse

HEADER = "X-Queries"


class QueryCount:
    """Counts what goes to the database between request and answer."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        number = 0

        def count(execute: Callable[..., Any], *args: Any) -> Any:
            nonlocal number
            number += 1
            return execute(*args)

        with connection.execute_wrapper(count):
            response = self.get_response(request)
        response[HEADER] = str(number)
        return response
