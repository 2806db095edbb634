"""Codes of half a minute: TOTP (RFC 6238), SHA-1, six digits, steps of 30 s: what every program knows."""

import hmac
from datetime import datetime

import pyotp

STEP_S = 30
ISSUER = "联辩"
_DRIFT_STEPS = 1
"""A code counts one step early and one late: clocks differ, and typing takes its time (RFC 6238 §5.2)."""


def new_secret() -> str:
    """Return a fresh secret of 160 bits, in base32 (RFC 4226 §4, R6)."""
    return pyotp.random_base32(32)


def address_of(secret: str, login: str) -> str:
    """Return what a person's program reads from the picture: an `otpauth://` address."""
    return pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=ISSUER)


def step_of(secret: str, code: str, now: datetime) -> int | None:
    """Return the time step whose code this is, among those that count now; None if it is none's."""
    totp, present = pyotp.TOTP(secret), int(now.timestamp()) // STEP_S
    typed = "".join(code.split()).encode()
    for step in range(present - _DRIFT_STEPS, present + _DRIFT_STEPS + 1):
        if hmac.compare_digest(totp.at(step * STEP_S).encode(), typed):
            return step
    return None
