"""What every test stands on."""

from collections.abc import Iterator
from datetime import datetime

import pgtrigger
import pytest
from django.test import TransactionTestCase
from django.utils import translation

from sites.calendar import SHANGHAI


@pytest.fixture(autouse=True)
def _chinese() -> Iterator[None]:
    """Sentences are asserted in the first language."""
    with translation.override("zh-hans"):
        yield


@pytest.fixture
def now() -> datetime:
    """A Tuesday morning of the season: 24 November 2026, 08:00 in Shanghai."""
    return datetime(2026, 11, 24, 8, 0, tzinfo=SHANGHAI)


_teardown = TransactionTestCase._fixture_teardown


def _teardown_past_the_triggers(self: TransactionTestCase) -> None:
    """Empties append-only tables too, which the product itself never can."""
    with pgtrigger.ignore():
        _teardown(self)


TransactionTestCase._fixture_teardown = _teardown_past_the_triggers  # type: ignore[method-assign]
