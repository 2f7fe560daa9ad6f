from datetime import date

from django.http import HttpRequest, HttpResponse


def today(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


def day(request: HttpRequest, day: date) -> HttpResponse:
    return HttpResponse()


def cancel_session(request: HttpRequest, pk: int) -> HttpResponse:
    return HttpResponse()
