"""The least that the measured parts could do. Each is frozen in its first commit: a floor that
moves measures nothing."""
