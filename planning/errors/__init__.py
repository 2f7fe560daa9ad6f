"""Why something of a plan is refused, by subject."""
