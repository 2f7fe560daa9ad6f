"""Badges, the desk at the door, check-ins and what they amount to.

Answers for: a badge opens nothing but its own bearer's place; a check-in exists once; the
state of attendance follows from the events and one rule table; closing a desk credits the
class hours of those who were there.
"""
