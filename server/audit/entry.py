"""An entry of the audit log, and the key that shows it unaltered.

The key lies outside the database: who can change rows, and nothing else, can't write one that verifies.
"""

import hmac
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from server.kernel.clock import microseconds_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Who did what to which record, when, from where and under which rule."""

    number: int
    """Its place in the log: from 1, without a gap."""
    at: datetime
    actor: str
    """`Identity.actor` of who did it."""
    event: str
    subject: str
    """The record, as `kind:id`."""
    case_id: str
    """The case that it concerns; empty if none."""
    details: str
    """The event's own fields, a JSON object."""
    origin: str
    """IP address; empty for what the product did by itself."""
    rule: str
    """Cell of the permission table, as `role/action/relation`; empty for what the product did by itself."""

    @property
    def canonical(self) -> bytes:
        """The entry as bytes, the same wherever and whenever they are made."""
        return canonical_of(
            (
                self.number,
                microseconds_of(self.at),
                self.actor,
                self.event,
                self.subject,
                self.case_id,
                self.details,
                self.origin,
                self.rule,
            )
        )


def canonical_of(fields: Sequence[object]) -> bytes:
    """Return an entry's fields, in their order and the moment in microseconds, as JSON in ASCII.

    Raises:
        TypeError: a field is nothing that JSON has, so that no entry can have it.
    """
    return _ENCODER.encode(fields).encode()


_ENCODER = json.JSONEncoder(separators=(",", ":"))


class LogKey:
    """The key of the log's HMACs, loaded when it is first needed."""

    def __init__(self, load: Callable[[], bytes]) -> None:
        """Keep what loads the key's bytes."""
        self._load = load

    def mac(self, canonical: bytes) -> bytes:
        """Return the HMAC-SHA256 (RFC 2104) of an entry's bytes."""
        return hmac.digest(self._key, canonical, "sha256")

    @cached_property
    def _key(self) -> bytes:
        return self._load()
