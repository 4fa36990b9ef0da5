"""The audit trail 审计: who saw, searched, decided, exported, changed what, when, from where.

Entries form a chain: each holds the SHA-256 of the one before it. What is personal in an entry (an address, the
words of a search) lies beside the chain, which holds only a salted commitment to it: after the stated period it
is erased, and the chain still verifies.
"""
