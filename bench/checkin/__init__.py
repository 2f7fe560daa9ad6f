"""What checking in costs, beside the least it could: ``make bench-checkin``."""
