"""What a booking costs, beside the least it could: ``make bench-booking``."""
