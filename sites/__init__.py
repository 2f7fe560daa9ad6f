"""Sites and rooms, what occupies a room, and the school calendar.

Answers for: a room is in one session at a time and in none while it is closed; how many
people a room may hold; which days are lesson days.
"""
