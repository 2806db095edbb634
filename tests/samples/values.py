"""What the sample pages share: who looks, when, and a moment's notation."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from server.kernel.clock import CHINA
from server.kernel.identity import Identity, Role
from server.kernel.ids import AccountId, OrganisationId, TerminalId

NOW = datetime(2026, 9, 28, 9, 12, tzinfo=CHINA).astimezone(UTC)
"""The Monday before the National Day holiday, so that the deadline rules show."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One page in one state."""

    name: str
    template: str
    identity: Identity
    path: str
    context: Mapping[str, object] = field(default_factory=dict)


def someone(role: Role, name: str) -> Identity:
    return Identity(
        role=role, name=name, account_id=AccountId("a" * 26), organisation_id=OrganisationId("o" * 26)
    )


LAWYER = someone(Role.LAWYER, "周某")
COORDINATOR = someone(Role.COORDINATOR, "何某")
OFFICER = someone(Role.FACILITY_OFFICER, "孙某")
INSTITUTION = someone(Role.LEGAL_AID_OFFICER, "冯某")
AGENCY = someone(Role.AGENCY_OFFICER, "贾某")
KIOSK = Identity(role=Role.RECIPIENT, name="1 号终端", terminal_id=TerminalId("t" * 26))


def at(day: int, hour: int = 0, minute: int = 0, month: int = 9) -> datetime:
    """Return a moment of the autumn of 2026 in China."""
    return datetime(2026, month, day, hour, minute, tzinfo=CHINA).astimezone(UTC)
