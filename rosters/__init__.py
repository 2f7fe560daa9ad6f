"""Class groups, who teaches them, and their students.

Answers for: which students a class has today, what grade a class is in, and who of a
school may see its students' names. Stores no more of a minor than name, number and seat.
"""
