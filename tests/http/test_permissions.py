"""The full matrix: every route × every role × {own, other, closed, sealed, elsewhere}, against the table."""

import re
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient, TestServer
from typing_extensions import override

from server.app import compose
from server.http.identity import SESSION_COOKIE
from server.http.permission_document import permission_document
from server.http.routing import ROUTES, Route
from server.kernel.identity import Role
from server.kernel.ids import SessionId, new_id
from server.kernel.permissions import PERMISSIONS, Action, Decision, Relation, decide, needs_no_record
from server.people.model import Proof, Session
from server.people.sessions import hash_of
from server.settings import Settings
from storage.database import Database
from tests.databases import Databases
from tests.fakes.clock import SetClock
from tests.http.conftest import OUR_PAGE, Browser
from tests.http.well_formed import WELL_FORMED, Asked
from tests.world import RELATED, Where, World, make_world

DOCUMENT = Path(__file__).parents[2] / "docs" / "permissions.md"
_PARAMETER = re.compile(r"\{(\w+)(?::[^}]*)?\}")
ALLOW = Decision.ALLOW
CASE_ROLES = {Role.LAWYER, Role.LEGAL_AID_OFFICER, Role.COORDINATOR, Role.AGENCY_OFFICER}
_PLAIN = {
    "path": "none.css",
    "token": "none",
    "credential_id": "none",
    "key_id": "none",
    "session_id": "none",
}
"""Parameters that name no record."""


def test_the_document_says_what_the_code_does(app: web.Application) -> None:
    told = DOCUMENT.read_text(encoding="utf-8")
    assert told == permission_document(app[ROUTES]), "python3 -m server docs"


def test_every_action_is_in_the_table_and_used_by_a_route(app: web.Application) -> None:
    assert set(PERMISSIONS) == set(Action)
    assert {route.action for route in app[ROUTES]} == set(Action)


def test_every_resource_of_the_router_is_a_route_with_an_action(app: web.Application) -> None:
    registered = {(route.method, route.resource.canonical) for route in app.router.routes() if route.resource}
    known = {(route.method, route.path) for route in app[ROUTES]}
    plain = {(method, path.replace(":.+}", "}")) for method, path in known}
    assert registered == plain


@pytest.fixture
def settings(settings: Settings, issuer: str) -> Settings:
    """With every route that there can be."""
    return replace(settings, oidc_issuer=issuer)


@dataclass(frozen=True, slots=True)
class Cell:
    """One question to the running application."""

    role: Role
    where: Where
    route: Route

    @override
    def __str__(self) -> str:
        return f"{self.role} {self.route.method} {self.route.path} ({self.where})"


def relation_of(cell: Cell) -> Relation:
    """Says how the role stands to the record that the route is about."""
    if needs_no_record(cell.route.action):
        return Relation.NO_RECORD
    record = record_of(cell.route)
    if record == "account_id":
        return Relation.OWN if cell.role is Role.SECURITY_ADMIN else Relation.UNRELATED
    if cell.role not in STANDS_TO[record]:
        return Relation.UNRELATED
    if record == "terminal_id":
        return Relation.UNRELATED if cell.where is Where.ELSEWHERE else Relation.OWN
    relation = RELATED[cell.role][cell.where]
    if relation is Relation.SEALED and record == "alert_id":
        return Relation.UNRELATED
    return Relation.OWN if relation is Relation.CLOSED and record in NEVER_CLOSED else relation


STANDS_TO = {
    "case_id": CASE_ROLES,
    "alert_id": CASE_ROLES | {Role.FACILITY_OFFICER},
    "assignment_id": CASE_ROLES,
    "notice_id": {Role.AGENCY_OFFICER},
    "terminal_id": {Role.FACILITY_OFFICER},
    "booking_id": {Role.LAWYER, Role.FACILITY_OFFICER},
    "hold_id": {Role.LAWYER},
    "meeting_id": {Role.LAWYER, Role.FACILITY_OFFICER, Role.RECIPIENT, Role.INTERPRETER},
}
"""Which roles can have a record of this kind as theirs, by the parameter that names it."""
NEVER_CLOSED = {"notice_id"}


def record_of(route: Route) -> str:
    """Names the record that stands in relations: a case for all that lies in its files."""
    named = _PARAMETER.findall(route.path)
    return "case_id" if "case_id" in named else str(named[-1])


def address(route: Route, records: dict[str, str]) -> str:
    """Fills the path's parameters; a parameter that the world does not have fails the test."""
    return _PARAMETER.sub(lambda found: (records | _PLAIN)[found[1]], route.path)


def expected(cell: Cell) -> Decision:
    """Looks up what the table says."""
    return decide(cell.role, cell.route.action, relation_of(cell))


def said(answer: ClientResponse, route: Route) -> Decision:
    """Reads the decision from the answer. What anybody may visit can only be there or not."""
    if route.action is Action.VISIT:
        return ALLOW
    if answer.status == 401 or answer.headers.get("Location", "").startswith(("/sign-in", "/kiosk/pair")):
        return Decision.SIGN_IN
    return {404: Decision.HIDE, 403: Decision.REFUSE}.get(answer.status, ALLOW)


@asynccontextmanager
async def running(settings: Settings, clock: SetClock, role: Role) -> AsyncIterator[Browser]:
    """Runs the application over a world, with a browser in which `role` is signed in."""
    app = compose(settings, clock=clock)
    cookies = {} if role is Role.ANONYMOUS else {SESSION_COOKIE: token_of(role)}
    async with TestClient(TestServer(app), cookies=cookies, headers=OUR_PAGE) as browser:
        yield browser


def token_of(role: Role) -> str:
    return f"token of the {role}"


@pytest.fixture
async def world(database: Database, clock: SetClock) -> World:
    """The world in the application's database, everyone signed in."""
    made = await make_world(database)
    async with database.transaction() as tx:
        for role in set(Role) - {Role.ANONYMOUS}:
            identity = made.identity(role)
            await tx.people.add_session(
                Session(
                    id=SessionId(new_id()),
                    token_hash=hash_of(token_of(role)),
                    account_id=identity.account_id,
                    terminal_id=identity.terminal_id,
                    created_at=clock.now(),
                    expires_at=clock.now() + timedelta(hours=1),
                    proof=Proof.SEEDED,
                    proved_at=clock.now(),
                    used_at=clock.now(),
                )
            )
    await database.close()
    return made


@pytest.mark.parametrize("role", Role)
async def test_each_role_gets_from_each_route_what_the_table_says(  # noqa: PLR0913, PLR0917 - fixtures
    role: Role,
    world: World,
    databases: Databases,
    settings: Settings,
    clock: SetClock,
    request: pytest.FixtureRequest,
) -> None:
    """A change that is allowed gets a world of its own, so that no answer depends on the one before."""
    routes = compose(settings)[ROUTES]
    cells = [Cell(role, where, route) for where in Where for route in routes]
    changing = [cell for cell in cells if cell.route.method != "GET" and expected(cell) is ALLOW]
    wrong = Counter[str]()
    async with running(settings, clock, role) as browser:
        for cell in cells:
            if cell not in changing:
                await check(browser, cell, world, wrong)
    for number, cell in enumerate(changing):
        folder = settings.data_dir.with_name(f"copy-{number}")
        url = await databases.clone(settings.database, folder)
        copied = replace(settings, data_dir=folder, database_url=url)
        async with running(copied, clock, role) as browser:
            await check(browser, cell, world, wrong)
    request.node.user_properties.append(("cells", len(cells)))
    assert not wrong, "\n".join(sorted(wrong))


async def check(browser: Browser, cell: Cell, world: World, wrong: Counter[str]) -> None:
    """Asks, and notes an answer that the table does not give."""
    path = address(cell.route, world.records[cell.where])
    asked = WELL_FORMED.get((cell.route.method, cell.route.path), Asked())
    answer = await browser.request(
        cell.route.method,
        path,
        params=asked.query,
        headers=asked.headers,
        json=asked.json,
        data=asked.form or asked.body,
        allow_redirects=False,
    )
    decision, wanted = said(answer, cell.route), expected(cell)
    if decision is not wanted or answer.status >= 500:
        wrong[f"{cell}: {answer.status} {decision.value}, not {wanted.value}"] += 1
