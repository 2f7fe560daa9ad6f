"""The ground everything stands on: migrations are complete and constraints are there."""

import pytest
from django.db import connection


@pytest.mark.django_db(transaction=True)
def test_places_are_tied_to_their_session_and_booking() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conname FROM pg_constraint WHERE conrelid = 'bookings_place'::regclass"
            " AND contype = 'f' AND array_length(conkey, 1) > 1 ORDER BY conname"
        )
        names = [row[0] for row in cursor.fetchall()]

    assert names == ["place_session_is_its_bookings", "place_times_are_its_sessions"]
