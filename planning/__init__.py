"""The cohort planner: proposes reservations so that every student reaches the hours."""
