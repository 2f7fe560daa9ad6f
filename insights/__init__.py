"""What the whole district looks like: coverage by class, school and alliance.

Answers for: every number on an overview is the count of rows the reader may open. Reads
everything, changes nothing but the demonstration district it can build.
"""
