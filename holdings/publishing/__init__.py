"""A public installation apart: signed packages of additions and withdrawals, one way, between two networks."""
