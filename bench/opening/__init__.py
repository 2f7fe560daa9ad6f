"""The morning on which booking opens: ``make bench-opening``."""
