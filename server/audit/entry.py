"""An entry of the audit log, and the key that shows it unaltered.

The key lies outside the database: who can change rows, and nothing else, can't write one that verifies.
"""

import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from server.kernel.events import JsonValue


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Who did what to which record, when, from where and under which rule."""

    id: str
    at: datetime
    actor: str
    """`Identity.actor` of who did it."""
    event: str
    subject: str
    """The record, as `kind:id`."""
    details: Mapping[str, JsonValue]
    origin: str
    """IP address; empty for what the product did by itself."""
    rule: str
    """Cell of the permission table, as `role/action/relation`; empty for what the product did by itself."""

    @property
    def canonical(self) -> bytes:
        """The entry as bytes, the same wherever and whenever they are made: JSON in ASCII, keys sorted."""
        fields = [
            self.id,
            self.at.isoformat(timespec="microseconds"),
            self.actor,
            self.event,
            self.subject,
            self.details,
            self.origin,
            self.rule,
        ]
        return json.dumps(fields, sort_keys=True, separators=(",", ":")).encode()


class LogKey:
    """The key of the log's HMACs, loaded when it is first needed."""

    def __init__(self, load: Callable[[], bytes]) -> None:
        """Keep what loads the key's bytes."""
        self._load = load

    def mac(self, entry: Entry) -> bytes:
        """Return the entry's HMAC-SHA256 (RFC 2104)."""
        return hmac.digest(self._key, entry.canonical, "sha256")

    def verifies(self, entry: Entry, mac: bytes) -> bool:
        """Tell whether `mac` was made with this key of the entry as it is."""
        return hmac.compare_digest(self.mac(entry), mac)

    @cached_property
    def _key(self) -> bytes:
        return self._load()
