from tests.bookings.conftest import world

__all__ = ["world"]
