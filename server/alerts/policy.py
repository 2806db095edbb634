"""Rules of alerts: how far and when they are taken further, when messages are tried again, whose they are."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from server.alerts.model import Alert, AlertKind
from server.kernel.ids import AccountId
from server.kernel.permissions import Relation

ACTOR = "system:alerts"
ESCALATION: Mapping[AlertKind, tuple[timedelta, ...]] = {
    AlertKind.DUE_SOON: (timedelta(hours=24),),
    AlertKind.OVERDUE: (timedelta(hours=4), timedelta(hours=24)),
}
"""How long each level has to handle an alert before the next is told. Level 0 are those who have to do the
duty, and the lawyer; level 1 the legal aid institution's officers; level 2 the area's coordinators."""
LAST_LEVEL = 2

GIVE_UP_AFTER = timedelta(hours=24)
_FIRST_WAIT = timedelta(seconds=5)
_LONGEST_WAIT = timedelta(hours=1)


def escalates_at(kind: AlertKind, level: int, now: datetime) -> datetime | None:
    """Return when an alert that reached `level` now is taken further; None: never."""
    waits = ESCALATION[kind]
    return now + waits[level] if level < len(waits) else None


def next_attempt(attempts: int, now: datetime) -> datetime:
    """Return when a message that failed `attempts` times (1 or more) is sent again."""
    wait: timedelta = _FIRST_WAIT * 2 ** min(attempts - 1, 20)
    return now + min(wait, _LONGEST_WAIT)


def relation_to_alert(account_id: AccountId | None, alert: Alert, told: frozenset[AccountId]) -> Relation:
    """Return how a person stands to an alert: it is theirs if it reached them."""
    if account_id is None or account_id not in told:
        return Relation.UNRELATED
    return Relation.OWN if alert.open else Relation.CLOSED
