from django.http import HttpRequest, HttpResponse


def trips(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


def booking(request: HttpRequest, pk: int) -> HttpResponse:
    return HttpResponse()
