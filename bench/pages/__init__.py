"""What pages cost with a hundred thousand sessions behind them: ``make bench-pages``."""
