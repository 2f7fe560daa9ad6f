"""Reservations, bookings and places: seats taken for classes and the students in them.

Answers for: a reservation is made whole or not at all; seats are never oversold; a student
is never in two places at once; what changes a booked session goes through here.
"""
