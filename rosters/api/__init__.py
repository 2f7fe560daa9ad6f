"""Roster imports over the web API."""
