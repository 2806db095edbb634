"""What of a case's facts holds: of each event, how often it happened and when.

Nothing that was recorded is lost. A record corrects the one before it, says that it happened once more, or
takes it back; read in order, they tell what counts.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from server.cases.model import CaseFact


@dataclass(frozen=True, slots=True)
class Happening:
    """One time that something happened."""

    at: datetime
    noted_at: datetime
    """When it was first recorded; what corrects it changes nothing of that."""


def chronicle(facts: Iterable[CaseFact]) -> dict[str, tuple[Happening, ...]]:
    """Return how often each event happened, and when, by its key.

    Args:
        facts: of one case, in the order in which they were recorded.
    """
    found: dict[str, list[Happening]] = defaultdict(list)
    for fact in facts:
        before = found[fact.key]
        noted_at = fact.recorded_at
        if before and not fact.again:
            noted_at = before.pop().noted_at
        if not fact.withdrawn:
            before.append(Happening(fact.at, noted_at))
    return {key: tuple(happened) for key, happened in found.items() if happened}
