"""What clients write while the server is killed: one workload for each kind of write."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Any

from aiohttp import ClientSession
from sqlalchemy import func, select
from typing_extensions import override

from server.demo.seed import DEMO_AGENCY_KEY
from server.people.policy import KEEPERS
from storage.database import Database, SqlTransaction
from storage.tables.cases import notice
from tests.faults.casework import Annotations, Bookings, Uploads
from tests.faults.killing import UnexpectedAnswer, Workload, become, signed_in

if TYPE_CHECKING:
    from server.people.model import Account


@dataclass(frozen=True, slots=True)
class SessionClaim:
    """A session that was opened, and whether its holder has ended it since."""

    token: str
    ended: bool


class Sessions(Workload[SessionClaim]):
    """Signs in as this and that person, whose sessions last a day; ends every other session again."""

    name = "sessions"

    def __init__(self, dice: Random) -> None:
        super().__init__(dice)
        self._accounts: tuple[Account, ...] = ()

    @override
    async def prepare(self, database: Database, browser: ClientSession) -> None:
        async with database.reading() as tx:
            everybody = await tx.people.seeded_accounts()
        self._accounts = tuple(each for each in everybody if each.role not in KEEPERS)

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
                raise UnexpectedAnswer(answer)


@dataclass(frozen=True, slots=True)
class NoticeClaim:
    """A notice that was answered, and with what."""

    key: str
    body: str
    answer: str
    location: str


class Notices(Workload[NoticeClaim]):
    """Sends notices as an agency's system does: again under the same key until it is answered."""

    name = "notices"

    def __init__(self, dice: Random) -> None:
        super().__init__(dice)
        self._unanswered: tuple[str, str] | None = None

    @override
    async def prepare(self, database: Database, browser: ClientSession) -> None:
        """Needs nothing but the demo agency's key."""

    @override
    async def write(self, browser: ClientSession) -> None:
        self._unanswered = key, body = self._unanswered or self._made()
        answer, location = await self._send(key, body, browser)
        self._unanswered = None
        self.claims.append(NoticeClaim(key, body, answer, location))

    @override
    async def doubled(self, tx: SqlTransaction) -> int:
        letters = select(notice.c.letter_number).group_by(notice.c.letter_number)
        twice = set((await tx.connection.execute(letters.having(func.count() > 1))).scalars())
        return len(twice & {json.loads(claim.body)["letter_number"] for claim in self.claims})

    def _made(self) -> tuple[str, str]:
        """Returns a key, and the body that goes with it."""
        number = self.dice.randrange(10**9)
        body = json.dumps(
            {
                "agency_number": f"平检刑诉受〔2026〕{number}号",
                "letter_number": f"平检援通〔2026〕{number}号",
                "recipient": {"name": "钱某", "gender": "male", "born_on": "1990-05-06"},
                "offence": "盗窃",
                "stage": "prosecution_review",
                "reason": "full_coverage",
                "facility": "平舆县看守所",
                "contact": "白某，0396-5550000",
            }
        )
        return f"kill-{number}", body

    @override
    async def holds(self, claim: NoticeClaim, browser: ClientSession) -> bool:
        async with browser.get(claim.location, headers=_of_agency()) as answer:
            if answer.status != 200:
                return False
        return await self._send(claim.key, claim.body, browser) == (claim.answer, claim.location)

    async def _send(self, key: str, body: str, browser: ClientSession) -> tuple[str, str]:
        headers = {**_of_agency(), "Idempotency-Key": key, "Content-Type": "application/json"}
        async with browser.post("/api/v1/notices", data=body, headers=headers) as answer:
            if answer.status != 201:
                raise UnexpectedAnswer(answer, await answer.text())
            return await answer.text(), answer.headers["Location"]


def _of_agency() -> dict[str, str]:
    return {"Authorization": f"Bearer {DEMO_AGENCY_KEY}"}


WORKLOADS: tuple[Callable[[Random], Workload[Any]], ...] = (
    Sessions,
    Notices,
    Uploads,
    Annotations,
    Bookings,
)
