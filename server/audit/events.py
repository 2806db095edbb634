"""What is done with the log itself and with keys, which is logged too."""

from dataclasses import dataclass

from typing_extensions import override

from server.kernel.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSearched(Event):
    """Somebody looked for entries; what they asked for, where it was asked, and no more."""

    actors: tuple[str, ...]
    """Whose entries."""
    event_name: str
    record: str
    case_id: str
    since: str = ""
    until: str = ""
    """From when until when, in ISO 8601; empty: whenever."""

    @property
    @override
    def subject(self) -> str:
        return "log:all"

    @property
    @override
    def topics(self) -> tuple[str, ...]:
        return ()


class LogExported(LogSearched):
    """Somebody took what they had found away in a file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeysRotated(Event):
    """The operator had every case's key wrapped by a new master key."""

    master_id: str
    """Names the new one, and does not help to find it."""
    case_keys: int
    """How many were wrapped anew."""

    @property
    @override
    def subject(self) -> str:
        return "keys:all"

    @property
    @override
    def topics(self) -> tuple[str, ...]:
        return ()
