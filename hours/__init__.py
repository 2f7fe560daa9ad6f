"""Practicum requirements and the class-hour ledger.

Answers for: how many class hours a cohort must reach, and how many a student has earned.
The ledger only grows; the sum of its entries is what every page shows.
"""
