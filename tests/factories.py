"""Makes valid values with one line; a test names only what matters to it."""

from itertools import count

from server.kernel.identity import Role
from server.kernel.ids import AccountId, OrganisationId, TerminalId, new_id
from server.people.model import Account, Organisation, OrganisationKind, Terminal

_number = count(1)


def organisation(
    kind: OrganisationKind = OrganisationKind.LAW_FIRM,
    *,
    name: str = "平舆县看守所",
    region_code: str = "411723",
    parent_id: OrganisationId | None = None,
) -> Organisation:
    return Organisation(
        id=OrganisationId(new_id()), kind=kind, name=name, region_code=region_code, parent_id=parent_id
    )


def account(
    role: Role = Role.LAWYER,
    *,
    name: str = "周某",
    organisation_id: OrganisationId | None = None,
    active: bool = True,
    seeded: bool = False,
) -> Account:
    return Account(
        id=AccountId(new_id()),
        login=f"{role}-{next(_number)}",
        name=name,
        role=role,
        organisation_id=organisation_id,
        active=active,
        seeded=seeded,
    )


def terminal(facility_id: OrganisationId, *, name: str = "1 号终端") -> Terminal:
    return Terminal(id=TerminalId(new_id()), facility_id=facility_id, name=name)
