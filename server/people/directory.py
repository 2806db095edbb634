"""Who the actors of the log are: people, terminals, agencies' systems."""

from collections.abc import Mapping

from server.kernel.identity import Role
from server.kernel.ids import AccountId, OrganisationId, TerminalId
from server.kernel.transaction import Units
from server.people.ports import PeopleTx


class PeopleDirectory:
    """Looks actors up among the people."""

    def __init__(self, units: Units[PeopleTx]) -> None:
        """Keep the way to the database."""
        self._units = units

    async def actors(self, name: str) -> frozenset[str]:
        """Return the actors of this name or login."""
        async with self._units.reading() as tx:
            accounts = await tx.people.accounts_called(name)
        return frozenset(each.identity.actor for each in accounts)

    async def names(self, actors: frozenset[str]) -> Mapping[str, str]:
        """Return the names of those of the actors that are still known."""
        async with self._units.reading() as tx:
            return await names_of(actors, tx)


async def names_of(actors: frozenset[str], tx: PeopleTx) -> dict[str, str]:
    """Return the names of those of the actors that are still known."""
    subjects = {actor: actor.partition(":")[::2] for actor in actors}
    accounts = await tx.people.accounts(frozenset(AccountId(subject) for _, subject in subjects.values()))
    names: dict[str, str] = {}
    for actor, (role, subject) in subjects.items():
        account = accounts.get(AccountId(subject))
        name = account.name if account else await _name_of_no_person(role, subject, tx)
        if name:
            names[actor] = name
    return names


async def _name_of_no_person(role: str, subject: str, tx: PeopleTx) -> str:
    """Return the name of a terminal or of an agency, whose system has a key; empty if it is neither."""
    if role == Role.RECIPIENT and (terminal := await tx.people.terminal(TerminalId(subject))):
        return terminal.name
    organisation_id = OrganisationId(subject.partition("/")[0])  # its key is named behind it
    if role == Role.AGENCY_OFFICER and (agency := await tx.people.organisation(organisation_id)):
        return agency.name
    return ""
