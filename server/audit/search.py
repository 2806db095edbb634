"""What is looked for in the log. Pure."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """Entries that fulfil every condition; an empty one is none."""

    actors: frozenset[str] | None = None
    """Each an `Identity.actor`; the empty set finds nothing."""
    event: str = ""
    subject: str = ""
    case_id: str = ""
    since: datetime | None = None
    until: datetime | None = None
    """Excluded."""
    among: frozenset[str] | None = None
    """Events of which it is one; None: any."""
