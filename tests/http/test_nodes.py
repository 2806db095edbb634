"""Two web processes and a worker on one PostgreSQL and one Redis."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from aiohttp.test_utils import TestClient, TestServer

from server.app import DATABASE, compose
from server.casefiles.model import DossierRemoved, DossierStatus
from server.http.identity import SESSION_COOKIE
from server.kernel.events import Job
from server.kernel.ids import DossierId, new_id
from server.people.model import Account
from server.people.sessions import sign_in_as_seeded
from server.settings import Settings
from server.worker import work as run_worker
from storage.database import Database
from tests import documents, dossiers
from tests.databases import Engine
from tests.fakes.clock import SetClock
from tests.fakes.media import FakePlane
from tests.http.conftest import OUR_PAGE, Browser
from tests.http.work import Work, becomes, stored_work
from tests.objects import local_store
from tests.servers.valkey import ValkeyServer


@pytest.fixture
def engine() -> Engine:
    return Engine.POSTGRESQL


@pytest.fixture
async def settings(settings: Settings, valkey: ValkeyServer) -> Settings:
    return replace(settings, redis_url=valkey.url)


class Node:
    """A web process, in this one."""

    def __init__(self, settings: Settings, clock: SetClock) -> None:
        self._app = compose(settings, clock=clock, plane=FakePlane())
        self.server = TestServer(self._app)

    @property
    def database(self) -> Database:
        return self._app[DATABASE]

    def browser(self, token: str) -> Browser:
        """Returns a browser that takes the node with it when it closes."""
        return TestClient(self.server, cookies={SESSION_COOKIE: token}, headers=OUR_PAGE)


@pytest.fixture
async def nodes(settings: Settings, clock: SetClock) -> AsyncIterator[tuple[Node, Node]]:
    first, second = Node(settings, clock), Node(settings, clock)
    async with first.server, second.server:
        yield first, second


@pytest.fixture
async def work(nodes: tuple[Node, Node]) -> Work:
    return await stored_work(nodes[0].database)


async def token_of(person: Account, node: Node, clock: SetClock) -> str:
    async with node.database.transaction() as tx:
        return await sign_in_as_seeded(person.id, tx, clock)


async def test_a_session_and_what_happens_hold_on_every_node(
    nodes: tuple[Node, Node], work: Work, clock: SetClock
) -> None:
    first, second = nodes
    token = await token_of(work.lead, first, clock)
    async with first.browser(token) as here, second.browser(token) as there:
        assert (await here.get("/cases")).status == (await there.get("/cases")).status == 200
        async with there.ws_connect(f"/live?watch=case:{work.case.id}") as live:
            async with first.database.transaction() as tx:
                tx.record(
                    DossierRemoved(actor="system", case_id=work.case.id, dossier_id=DossierId(new_id()))
                )
            told = await asyncio.wait_for(live.receive_json(), 20)
    assert (told["topic"], told["event"]) == (f"case:{work.case.id}", "DossierRemoved")


async def test_signing_out_on_one_node_ends_what_is_open_on_another(
    nodes: tuple[Node, Node], work: Work, clock: SetClock
) -> None:
    first, second = nodes
    token = await token_of(work.lead, first, clock)
    async with first.browser(token) as here, second.browser(token) as there:
        async with there.ws_connect(f"/live?watch=case:{work.case.id}") as live:
            await here.post("/sign-out")
            closed = await asyncio.wait_for(live.receive(), 20)
            assert closed.data == 1008
        assert (await there.get("/cases", allow_redirects=False)).status == 303


async def test_a_worker_splits_a_dossier_and_every_node_hears_of_it(
    nodes: tuple[Node, Node], work: Work, settings: Settings, clock: SetClock
) -> None:
    first, second = nodes
    ending = asyncio.Event()
    worker = asyncio.create_task(run_worker(settings, ending))
    made = dossiers.dossier(work.case.id, received_from=work.lead.id)

    async def whole() -> AsyncIterator[bytes]:
        yield documents.scan(2)

    await local_store(settings, nodes[0].database).of(made.case_id).put(made.original_key, whole())
    token = await token_of(work.lead, second, clock)
    async with second.browser(token) as there, there.ws_connect(f"/live?watch=case:{work.case.id}") as live:
        async with first.database.transaction() as tx:
            await tx.casefiles.add_dossier(made)
            tx.enqueue(Job("split_dossier", made.id))
        told = await asyncio.wait_for(live.receive_json(), 30)
        assert told["event"] == "DossierOpened"
        await becomes(second.database, made.id, DossierStatus.READY)
    ending.set()
    await worker


async def test_a_job_of_which_nobody_heard_is_found_by_the_next_worker(
    nodes: tuple[Node, Node], work: Work, settings: Settings, valkey: ValkeyServer
) -> None:
    made = dossiers.dossier(work.case.id, received_from=work.lead.id)

    async def whole() -> AsyncIterator[bytes]:
        yield documents.scan(1)

    await local_store(settings, nodes[0].database).of(made.case_id).put(made.original_key, whole())
    valkey.kill()
    async with nodes[0].database.transaction() as tx:
        await tx.casefiles.add_dossier(made)
        tx.enqueue(Job("split_dossier", made.id))
    ending = asyncio.Event()
    worker = asyncio.create_task(run_worker(settings, ending))
    await becomes(nodes[0].database, made.id, DossierStatus.READY)
    ending.set()
    await worker
