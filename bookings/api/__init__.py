"""Reservations and bookings over the web API."""
