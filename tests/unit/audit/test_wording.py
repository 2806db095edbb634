from collections.abc import Iterator
from typing import Any

import server.app  # noqa: F401 - so that every event is known
from server.audit.wording import EVENTS, event_words
from server.kernel.events import Event


def kinds_below(kind: Any) -> Iterator[type[Event]]:  # noqa: ANN401 - an abstract class is no `type` of it
    for below in kind.__subclasses__():
        yield below
        yield from kinds_below(below)


GROUPS = {
    "AccountEvent",
    "AlertEvent",
    "EndpointEvent",
    "AgencyKeyEvent",
    "AnnotationEvent",
    "AssignmentEvent",
    "BookingEvent",
    "CallEvent",
} | {
    "CaseEvent",
    "UnheardEvent",
    "DossierEvent",
    "KeptCaseEvent",
    "CasePutAway",
    "MeetingEvent",
    "TerminalEvent",
}
"""What events have in common; none is recorded itself."""


def test_each_event_has_words() -> None:
    recorded = {kind.__name__ for kind in kinds_below(Event) if kind.__module__.startswith("server.")}
    assert recorded - GROUPS == set(EVENTS)


def test_an_event_of_an_earlier_version_keeps_its_name() -> None:
    assert event_words("CaseSplit") == "CaseSplit"
