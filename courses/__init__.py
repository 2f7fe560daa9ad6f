"""The catalogue: courses, their versions, their review, seasons and dated sessions.

Answers for: only a reviewed version is offered; a session has a place, an instructor and a
capacity, and never takes or holds more seats than that; when booking is open.
"""
