"""What the page frame shows of bookings: how much is in the basket."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject

from bookings.models import BasketItem


def basket(request: HttpRequest) -> dict[str, Any]:
    """``basket_url`` and ``basket_count`` for a school's people. One query, when drawn."""
    actor = getattr(request, "actor", None)
    if actor is None or not actor.is_school:
        return {}
    return {
        "basket_url": reverse("bookings:basket"),
        "basket_count": SimpleLazyObject(lambda: BasketItem.objects.visible_to(actor).count()),
    }
