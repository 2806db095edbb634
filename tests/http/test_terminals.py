"""A terminal is a device: its session lives by a key that can't leave it, and ends without."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.http.base64 import to_bytes, to_text
from server.http.identity import SESSION_COOKIE
from server.kernel.identity import Role
from server.people.device_keys import KEY_BYTES, SIGNATURE_BYTES, has_signed, is_key
from server.people.model import OrganisationKind, Terminal
from server.people.pairing import issue_pairing_code
from server.people.policy import TERMINAL_LIFE
from storage.database import Database
from tests.factories import account, organisation, terminal
from tests.fakes.clock import SetClock
from tests.http.conftest import Browser
from tests.terminal_device import Device


@dataclass(slots=True)
class Facility:
    """A facility with two terminals, and codes for them."""

    database: Database
    clock: SetClock
    terminals: tuple[Terminal, Terminal]

    async def code(self, terminal: Terminal) -> str:
        officer = account(Role.FACILITY_OFFICER, organisation_id=terminal.facility_id)
        async with self.database.transaction() as tx:
            return await issue_pairing_code(terminal.id, officer.identity, tx, self.clock)

    async def pair(self, browser: Browser, device: Device, terminal: Terminal) -> int:
        form = {"code": await self.code(terminal), "public_key": to_text(device.public_key)}
        return (await browser.post("/kiosk/pair", data=form, allow_redirects=False)).status


@pytest.fixture
async def facility(database: Database, clock: SetClock) -> Facility:
    place = organisation(OrganisationKind.DETENTION_FACILITY)
    first, second = terminal(place.id), terminal(place.id)
    async with database.transaction() as tx:
        await tx.people.add_organisation(place)
        await tx.people.add_terminal(first)
        await tx.people.add_terminal(second)
    return Facility(database, clock, (first, second))


async def answer(browser: Browser, device: Device) -> dict[str, str]:
    asked = await (await browser.post("/kiosk/device/challenge", json={})).json()
    return {
        "public_key": to_text(device.public_key),
        "challenge": asked["challenge"],
        "signature": to_text(device.sign(to_bytes(asked["challenge"]))),
    }


async def show_key(browser: Browser, device: Device) -> int:
    return (await browser.post("/kiosk/device", json=await answer(browser, device))).status


async def place_of(browser: Browser) -> str:
    """Where a terminal lands that asks for its page: there, or to be paired."""
    shown = await browser.get("/kiosk", allow_redirects=False)
    return "terminal" if shown.status == 200 else shown.headers["Location"]


async def test_a_copied_cookie_ends_when_the_device_next_shows_its_key(
    anonymous: Browser, facility: Facility
) -> None:
    device = Device()
    assert await facility.pair(anonymous, device, facility.terminals[0]) == 303
    stolen = {cookie.key: cookie.value for cookie in anonymous.session.cookie_jar}[SESSION_COOKIE]
    assert await show_key(anonymous, device) == 204
    assert await place_of(anonymous) == "terminal"
    anonymous.session.cookie_jar.clear()
    copied = await anonymous.get("/kiosk", cookies={SESSION_COOKIE: stolen}, allow_redirects=False)
    assert copied.headers["Location"] == "/kiosk/pair"


async def test_a_device_that_shows_its_key_stays_and_one_that_does_not_is_out_within_the_hour(
    anonymous: Browser, facility: Facility, clock: SetClock
) -> None:
    device = Device()
    await facility.pair(anonymous, device, facility.terminals[0])
    for _ in range(3):
        clock.move(TERMINAL_LIFE - timedelta(seconds=1))
        assert await show_key(anonymous, device) == 204
        assert await place_of(anonymous) == "terminal"
    clock.move(TERMINAL_LIFE)
    assert await place_of(anonymous) == "/kiosk/pair"
    assert await show_key(anonymous, device) == 204
    assert await place_of(anonymous) == "terminal", "it comes back by itself after a night without power"


async def test_an_unpaired_device_does_not_come_back(anonymous: Browser, facility: Facility) -> None:
    device, (first, _) = Device(), facility.terminals
    await facility.pair(anonymous, device, first)
    assert await facility.pair(anonymous, Device(), first) == 303, "another device takes its place"
    assert await show_key(anonymous, device) == 403


async def test_a_device_is_one_terminal_at_a_time(
    anonymous: Browser, facility: Facility, database: Database
) -> None:
    device, (first, second) = Device(), facility.terminals
    await facility.pair(anonymous, device, first)
    await facility.pair(anonymous, device, second)
    async with database.reading() as tx:
        found = {each.id: each.paired_at for each in await tx.people.terminals_of(first.facility_id)}
    assert found[first.id] is None
    assert found[second.id] is not None


async def test_an_answer_counts_once(anonymous: Browser, facility: Facility) -> None:
    device = Device()
    await facility.pair(anonymous, device, facility.terminals[0])
    same = await answer(anonymous, device)
    sent = await asyncio.gather(*(anonymous.post("/kiosk/device", json=same) for _ in range(4)))
    assert sorted(each.status for each in sent) == [204, 403, 403, 403]


async def test_another_devices_signature_shows_nothing(anonymous: Browser, facility: Facility) -> None:
    device, other = Device(), Device()
    await facility.pair(anonymous, device, facility.terminals[0])
    forged = await answer(anonymous, other) | {"public_key": to_text(device.public_key)}
    assert (await anonymous.post("/kiosk/device", json=forged)).status == 403


async def test_a_challenge_of_another_place_is_none(anonymous: Browser, facility: Facility) -> None:
    device = Device()
    await facility.pair(anonymous, device, facility.terminals[0])
    own = b"\0" * 40
    made_up = {
        "public_key": to_text(device.public_key),
        "challenge": to_text(own),
        "signature": to_text(device.sign(own)),
    }
    assert (await anonymous.post("/kiosk/device", json=made_up)).status == 403


@pytest.mark.parametrize("key", ["", "AAAA", to_text(b"\4" + b"\1" * 64)])
async def test_a_browser_without_a_key_is_not_paired_and_the_code_stays_good(
    anonymous: Browser, facility: Facility, key: str
) -> None:
    code = await facility.code(facility.terminals[0])
    refused = await anonymous.post("/kiosk/pair", data={"code": code, "public_key": key})
    assert refused.status == 422
    good = {"code": code, "public_key": to_text(Device().public_key)}
    assert (await anonymous.post("/kiosk/pair", data=good, allow_redirects=False)).status == 303


@given(st.binary(max_size=KEY_BYTES + 3), st.binary(max_size=100), st.binary(max_size=SIGNATURE_BYTES + 3))
def test_whatever_bytes_come_no_key_has_signed_them(key: bytes, challenge: bytes, signature: bytes) -> None:
    assert not has_signed(key, challenge, signature)
    assert not has_signed(Device().public_key, challenge, signature)
    assert is_key(Device().public_key)
