"""Secrets that are shown once: 256 random bits, of which only the SHA-256 is kept (no salt or slow hash is
needed for what nobody can guess)."""

from __future__ import annotations

import hashlib
import secrets

KEY, SESSION, ENROLMENT = "dh_", "ds_", "de_"


def new_token(prefix: str) -> str:
    return prefix + secrets.token_urlsafe(32)


def digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
