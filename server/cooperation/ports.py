"""What cooperation needs of the outside: what is known of lawyers, beside the stores of cases and people."""

from typing import Protocol

from server.cases.ports import CaseLogTx
from server.cooperation.model import LawyerProfile, Leave
from server.kernel.ids import AccountId


class CooperationStore(Protocol):
    """Keeps lawyers' profiles and absences."""

    async def put_profile(self, profile: LawyerProfile) -> None:
        """Store a lawyer's profile in place of any earlier one."""
        ...

    async def profile(self, account_id: AccountId) -> LawyerProfile | None:
        """Return the lawyer's profile, if there is one."""
        ...

    async def profiles(self) -> tuple[LawyerProfile, ...]:
        """Return the profiles of all lawyers."""
        ...

    async def add_leave(self, leave: Leave) -> None:
        """Store an absence."""
        ...

    async def leaves(self) -> tuple[Leave, ...]:
        """Return all absences, by their first day."""
        ...


class CooperationTx(CaseLogTx, Protocol):
    """A unit of work with profiles, cases, people and the log in it."""

    @property
    def cooperation(self) -> CooperationStore:
        """The profiles."""
        ...
