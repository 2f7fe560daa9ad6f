"""Messages out: the in-app inbox, the outbox and its delivery.

Answers for: a message exists exactly when the change it tells of does; it reaches the
inbox once and each address at least once; what was sent can be looked up. Knows addresses,
texts and finished attachments, and nothing of what they are about.
"""
