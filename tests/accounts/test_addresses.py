"""From where a request comes, and whom to believe about it."""

import pytest
from django.test import RequestFactory
from pytest_django import Settings

from accounts.addresses import address_of


@pytest.mark.parametrize(
    ("proxies", "forwarded", "remote", "address"),
    [
        (0, "", "192.0.2.7", "192.0.2.7"),
        # Nobody in front of us: what the client writes is not believed.
        (0, "203.0.113.9", "192.0.2.7", "192.0.2.7"),
        (1, "203.0.113.9", "10.0.0.1", "203.0.113.9"),
        # The client wrote the first entry, our proxy the last.
        (1, "198.51.100.1, 203.0.113.9", "10.0.0.1", "203.0.113.9"),
        (2, "198.51.100.1, 203.0.113.9, 10.0.0.2", "10.0.0.1", "203.0.113.9"),
        (2, "203.0.113.9", "10.0.0.1", "10.0.0.1"),
        (1, "", "10.0.0.1", "10.0.0.1"),
        (1, "2001:DB8::1", "10.0.0.1", "2001:db8::1"),
        (1, "<script>", "10.0.0.1", None),
        (0, "", "", None),
        (0, "", "unix:", None),
    ],
)
def test_only_our_own_proxies_are_believed(
    proxies: int, forwarded: str, remote: str, address: str | None, settings: Settings
) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = proxies
    headers = {"HTTP_X_FORWARDED_FOR": forwarded} if forwarded else {}

    request = RequestFactory().get("/", REMOTE_ADDR=remote, **headers)

    assert address_of(request) == address
