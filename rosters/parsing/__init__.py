"""A school's roster file, read: bytes in, rows, questions and refusals out. Knows no database."""
