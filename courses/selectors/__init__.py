"""Reads of courses, versions and sessions, by subject."""
