"""What clients write while the server is killed: one workload for each kind of write."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Any

from aiohttp import ClientSession
from typing_extensions import override

from storage.database import Database
from tests.faults.killing import UnexpectedAnswer, Workload, become, signed_in

if TYPE_CHECKING:
    from server.people.model import Account


@dataclass(frozen=True, slots=True)
class SessionClaim:
    """A session that was opened, and whether its holder has ended it since."""

    token: str
    ended: bool


class Sessions(Workload[SessionClaim]):
    """Signs in as this and that person; ends every other session again."""

    name = "sessions"

    def __init__(self, dice: Random) -> None:
        super().__init__(dice)
        self._accounts: tuple[Account, ...] = ()

    @override
    async def prepare(self, database: Database) -> None:
        async with database.reading() as tx:
            self._accounts = await tx.people.seeded_accounts()

    @override
    async def write(self, browser: ClientSession) -> None:
        token = await become(browser, self.dice.choice(self._accounts))
        if len(self.claims) % 2:
            await self._sign_out(token, browser)
            self.claims.append(SessionClaim(token, ended=True))
        else:
            self.claims.append(SessionClaim(token, ended=False))

    @override
    async def holds(self, claim: SessionClaim, browser: ClientSession) -> bool:
        async with browser.get("/", headers=signed_in(claim.token), allow_redirects=False) as answer:
            return (answer.headers["Location"] == "/choose") is claim.ended

    async def _sign_out(self, token: str, browser: ClientSession) -> None:
        async with browser.post("/sign-out", headers=signed_in(token), allow_redirects=False) as answer:
            if answer.status != 303:
                raise UnexpectedAnswer(f"{answer.url}: {answer.status}")


WORKLOADS: tuple[Callable[[Random], Workload[Any]], ...] = (Sessions,)
