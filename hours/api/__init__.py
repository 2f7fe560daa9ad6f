"""The class-hour ledger over the web API."""
