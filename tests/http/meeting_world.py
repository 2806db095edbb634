"""A facility, a case, its lawyers and their browsers: what the tests of booking and meeting begin with."""

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

from aiohttp import ClientWebSocketResponse
from aiohttp.test_utils import TestClient

from server.cases.model import Case, CaseStatus, Gender, Party, PartyKind
from server.http.identity import SESSION_COOKIE
from server.kernel.identity import Identity, Role
from server.kernel.ids import PartyId, new_id
from server.people.model import Account, Organisation, OrganisationKind, Terminal
from server.people.pairing import issue_pairing_code
from server.rooms.protocol import PROTOCOL_VERSION
from server.scheduling.model import FacilityPractice, OpeningPeriod
from storage.database import Database
from tests.factories import account, assignment, case, organisation, terminal
from tests.fakes.clock import SetClock
from tests.http.conftest import OUR_PAGE, Browser, SignedIn
from tests.terminal_device import pair

TUESDAY_10 = datetime(2026, 9, 29, 2, 0, tzinfo=UTC)
"""29 September 2026, 10:00 in China."""
CHOICE = {"starts_at": TUESDAY_10.isoformat(), "minutes": "60"}


@dataclass(frozen=True, kw_only=True)
class World:
    facility: Organisation
    terminal: Terminal
    case: Case
    lawyer: Account
    colleague: Account
    stranger: Account
    officer: Account
    elsewhere: Account
    """An officer of another facility."""


async def make_world(database: Database) -> World:
    facility = organisation(OrganisationKind.DETENTION_FACILITY)
    other_facility = organisation(OrganisationKind.DETENTION_FACILITY, name="上蔡县看守所")
    agency = organisation(OrganisationKind.PROCURATORATE, name="平舆县人民检察院")
    institution = organisation(OrganisationKind.LEGAL_AID_INSTITUTION, name="平舆县法律援助中心")
    area = organisation(OrganisationKind.COOPERATION_AREA, name="驻马店协作区")
    made = case(
        status=CaseStatus.ENGAGED,
        agency_id=agency.id,
        institution_id=institution.id,
        area_id=area.id,
        facility_id=facility.id,
    )
    world = World(
        facility=facility,
        terminal=terminal(facility.id),
        case=made,
        lawyer=account(Role.LAWYER, name="周某", seeded=True),
        colleague=account(Role.LAWYER, name="林某", seeded=True),
        stranger=account(Role.LAWYER, name="许某", seeded=True),
        officer=account(Role.FACILITY_OFFICER, name="孙某", organisation_id=facility.id, seeded=True),
        elsewhere=account(Role.FACILITY_OFFICER, name="钱某", organisation_id=other_facility.id, seeded=True),
    )
    client = Party(
        id=PartyId(new_id()), case_id=made.id, kind=PartyKind.RECIPIENT, name="张某", gender=Gender.MALE
    )
    async with database.transaction() as tx:
        for each in (facility, other_facility, agency, institution, area):
            await tx.people.add_organisation(each)
        for person in (world.lawyer, world.colleague, world.stranger, world.officer, world.elsewhere):
            await tx.people.add_account(person, password_hash=None)
        await tx.people.add_terminal(world.terminal)
        await tx.cases.add_case(made, link_numbers=frozenset({made.agency_number}))
        await tx.cases.add_party(client)
        for lawyer in (world.lawyer, world.colleague):
            await tx.cases.add_assignment(assignment(made.id, lawyer.id))
    return world


async def paired(world: World, database: Database, anonymous: Browser, clock: SetClock) -> Browser:
    """Return a browser that is the facility's terminal."""
    officer: Identity = world.officer.identity
    async with database.transaction() as tx:
        code = await issue_pairing_code(world.terminal.id, officer, tx, clock)
    token = await pair(code, database, clock)
    return TestClient(anonymous.server, cookies={SESSION_COOKIE: token}, headers=OUR_PAGE)


async def hold(world: World, browser: Browser, choice: dict[str, str] | None = None) -> str:
    """Hold a slot; return its path."""
    answer = await browser.post(f"/cases/{world.case.id}/book", data=choice or CHOICE)
    page = await answer.text()
    assert answer.status == 200, page
    found = re.search(r'action="(/holds/\w+)/submit"', page)
    assert found is not None
    return found[1]


async def book(world: World, browser: Browser, choice: dict[str, str] | None = None) -> str:
    """Ask for a slot; return the path of the booking."""
    path = await hold(world, browser, choice)
    answer = await browser.post(f"{path}/submit", data={"purpose": "first_meeting"})
    assert answer.status == 200
    return path.replace("/holds/", "/bookings/")


async def confirmed(world: World, signed_in: SignedIn, choice: dict[str, str] | None = None) -> str:
    """Have a meeting booked and approved; return its path."""
    path = await book(world, await signed_in(world.lawyer), choice)
    answer = await (await signed_in(world.officer)).post(f"{path}/confirm", data={"version": "1"})
    assert answer.status == 200
    return path.replace("/bookings/", "/meetings/")


async def joinable(world: World, signed_in: SignedIn, clock: SetClock) -> str:
    """Have it be ten minutes before a confirmed meeting; return its path."""
    made = await confirmed(world, signed_in)
    clock.move(TUESDAY_10 - timedelta(minutes=10) - clock.now())
    return made


async def open_day_and_night(world: World, database: Database) -> None:
    """Have the facility bring people to the terminals at any time of any day."""
    opening = (OpeningPeriod(weekday=day, opens=time(0), closes=time(0)) for day in range(7))
    usual = FacilityPractice.usual(world.facility.id)
    async with database.transaction() as tx:
        await tx.slots.put_practice(replace(usual, opening=tuple(opening)))


class Talker:
    """A client on a meeting's websocket."""

    def __init__(self, socket: ClientWebSocketResponse) -> None:
        self.socket = socket
        self.heard: list[dict[str, Any]] = []
        self._id = 0

    async def say(self, kind: str, **fields: object) -> None:
        self._id += 1
        await self.socket.send_json({"type": kind, "id": self._id} | fields)

    async def hear(self, kind: str) -> dict[str, Any]:
        """Read until a message of this type; keep all that was heard."""
        while True:
            message: dict[str, Any] = await self.socket.receive_json(timeout=5)
            self.heard.append(message)
            if message["type"] == kind:
                return message


async def connect(browser: Browser, path: str, *, instance: str = "A", way: str = "socket") -> Talker:
    socket = await browser.ws_connect(f"{path}/{way}", headers={"Sec-Fetch-Site": "same-origin"})
    talker = Talker(socket)
    await talker.say("hello", protocol=PROTOCOL_VERSION, instance=instance * 43)
    return talker
