"""From where a request comes."""

from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest


def address_of(request: HttpRequest) -> str | None:
    """The client's address, or None where there is none to be known.

    ``X-Forwarded-For`` is believed only as far as our own proxies wrote it: with one of them the
    last entry, which the client cannot choose.
    """
    text = request.META.get("REMOTE_ADDR", "")
    proxies = settings.ALLAUTH_TRUSTED_PROXY_COUNT
    forwarded = [part for part in request.headers.get("X-Forwarded-For", "").split(",") if part]
    if 0 < proxies <= len(forwarded):
        text = forwarded[-proxies]
    try:
        return str(ip_address(text.strip()))
    except ValueError:
        return None
