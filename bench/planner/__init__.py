"""``python -m bench.planner``: the cohort planner beside the baselines and its prototype."""
