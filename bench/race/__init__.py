"""Truth under fire: many clients at once, and servers that are killed. ``make race``."""
