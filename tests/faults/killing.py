"""Kills a real server under clients that write, and asks afterwards whether what it acknowledged is there.

A workload writes through HTTP as a browser does, and claims each write once it has read the answer. What was
under way when the server died may be there or not; what was claimed has to be, and intact.
"""

import asyncio
import operator
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, ClassVar, Generic, TypeVar

from aiohttp import ClientError, ClientResponse, ClientSession, ClientTimeout, DummyCookieJar

from server.http.identity import SESSION_COOKIE
from server.people.model import Account
from server.settings import Settings
from storage.database import Database, SqlTransaction
from tests.databases import beside
from tests.disk.disk import Disk
from tests.faults.serving import Served, free_port, serving
from tests.until import until

KILL_AFTER_S = (0.02, 0.8)
"""The server dies some time in this range after a write of each kind was acknowledged."""

SURVIVAL_ODDS = (0.0, 0.5)
"""Of what no sync made sure of, a power cut leaves nothing, or about the half."""

ClaimT = TypeVar("ClaimT")

Death = Callable[[Served], Awaitable[None]]
"""How the server dies."""


class UnexpectedAnswer(Exception):
    """The server refused a write that it has to take."""

    def __init__(self, answer: ClientResponse, said: str = "") -> None:
        super().__init__(f"{answer.method} {answer.url}: {answer.status} {said}")
        self.status = answer.status


class Workload(ABC, Generic[ClaimT]):
    """Writes of one kind, and what was claimed of them."""

    name: ClassVar[str]

    def __init__(self, dice: Random) -> None:
        self.dice = dice
        self.claims: list[ClaimT] = []

    @abstractmethod
    async def prepare(self, database: Database, browser: ClientSession) -> None:
        """Finds or makes what the writes are about, before the first kill."""

    @abstractmethod
    async def write(self, browser: ClientSession) -> None:
        """Makes one write and claims it once its answer is read."""

    async def doubled(self, _tx: SqlTransaction) -> int:
        """Returns how many writes are there twice, of a kind whose client sends them again."""
        return 0

    @abstractmethod
    async def holds(self, claim: ClaimT, browser: ClientSession) -> bool:
        """Tells whether what was claimed is there, unharmed."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the rounds came to."""

    rounds: int
    acknowledged: Counter[str] = field(default_factory=Counter)
    lost: list[str] = field(default_factory=list)
    doubled: int = 0
    tracebacks: int = 0


def signed_in(token: str) -> dict[str, str]:
    """Returns the headers of a browser that holds this session."""
    return {"Cookie": f"{SESSION_COOKIE}={token}"}


async def become(browser: ClientSession, account: Account) -> str:
    """Signs in as one of the demo's people and returns the session's token."""
    form = {"account_id": account.id}
    async with browser.post("/choose", data=form, allow_redirects=False) as answer:
        if answer.status != 303:
            raise UnexpectedAnswer(answer)
        return answer.cookies[SESSION_COOKIE].value


def power_cut(disk: Disk, dice: Random) -> Death:
    """Has the server die with its disk, which falls silent first and has power again for the next one."""

    async def die(served: Served) -> None:
        disk.cut(odds=dice.choice(SURVIVAL_ODDS))
        served.strike()
        disk.mount()
        await served.process.wait()

    return die


async def kill_repeatedly(
    workloads: Sequence[Workload[Any]],
    data_dir: Path,
    *,
    rounds: int,
    dice: Random,
    die: Death = Served.kill,
) -> Verdict:
    """Plays the rounds on one data directory.

    After each kill the claims of the round before are checked, at the end every claim once more.
    """
    await _prepare(workloads, data_dir)
    gone: list[str] = []
    checked = [0 for _ in workloads]
    port = free_port()
    for _ in range(rounds):
        async with serving(data_dir, port=port) as served, browsing(served) as browser:
            for index, workload in enumerate(workloads):
                gone += await lost(workload, browser, since=checked[index])
                checked[index] = len(workload.claims)
            await _write_until_killed(workloads, served, browser, die, after_s=dice.uniform(*KILL_AFTER_S))
    async with serving(data_dir, port=port) as served, browsing(served) as browser:
        for workload in workloads:
            gone += await lost(workload, browser, since=0)
        doubled = await _doubled(workloads, data_dir)
    return Verdict(
        rounds=rounds,
        acknowledged=Counter({workload.name: len(workload.claims) for workload in workloads}),
        lost=sorted(set(gone)),
        doubled=doubled,
        tracebacks=served.said().count("Traceback"),
    )


async def _prepare(workloads: Sequence[Workload[Any]], data_dir: Path) -> None:
    """Lets the server itself make the demo province, in which the workloads then prepare their writes."""
    async with serving(data_dir) as served, browsing(served) as browser:
        database = beside(Settings(data_dir=data_dir))
        for workload in workloads:
            await workload.prepare(database, browser)
        await database.close()


def browsing(served: Served) -> ClientSession:
    """Returns a browser of no cookies, whose requests come from our pages."""
    return ClientSession(
        served.address,
        headers={"Sec-Fetch-Site": "same-origin", "Accept": "text/html"},
        cookie_jar=DummyCookieJar(),
        timeout=ClientTimeout(total=30),
    )


async def lost(workload: Workload[ClaimT], browser: ClientSession, *, since: int) -> list[str]:
    """Returns what was claimed, from the claim numbered `since` on, and does not hold."""
    return [
        f"{workload.name}: {claim}"
        for claim in workload.claims[since:]
        if not await workload.holds(claim, browser)
    ]


async def _doubled(workloads: Sequence[Workload[Any]], data_dir: Path) -> int:
    """Returns how many writes are there twice."""
    database = beside(Settings(data_dir=data_dir))
    async with database.reading() as tx:
        counts = [await workload.doubled(tx) for workload in workloads]
    await database.close()
    return sum(counts)


async def _write_until_killed(
    workloads: Sequence[Workload[Any]], served: Served, browser: ClientSession, die: Death, *, after_s: float
) -> None:
    before = [len(workload.claims) for workload in workloads]
    writers = [asyncio.create_task(_write_on(workload, browser)) for workload in workloads]

    def under_way() -> bool:
        now = [len(workload.claims) for workload in workloads]
        return any(writer.done() for writer in writers) or all(map(operator.lt, before, now))

    await until(under_way, within_s=60)
    await asyncio.sleep(after_s)
    await die(served)
    await asyncio.gather(*writers)


async def _write_on(workload: Workload[Any], browser: ClientSession) -> None:
    """Writes until the connection breaks, which is how a client learns that the server died."""
    try:
        while True:
            await workload.write(browser)
    except (ClientError, ConnectionError):
        return
