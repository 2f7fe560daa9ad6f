"""People, organisations and memberships; who is acting; the audit trail.

Answers for: who may sign in, for which organisation and in which role; that a leaver loses
access at once; that every change of state and every reading of names leaves an audit entry.
"""
