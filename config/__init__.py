"""Wiring: settings from the environment, addresses, the embedded PostgreSQL. No rules."""
