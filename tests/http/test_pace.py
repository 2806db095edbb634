"""Who asks too often is turned away for a while, and nobody else with them."""

from datetime import timedelta

import pytest

from server.http.i18n import LANGUAGE_COOKIE
from server.http.pace import MOST, Pace, site_of
from server.kernel.identity import Role
from storage.database import Database
from tests.factories import account
from tests.fakes.clock import SetClock
from tests.http.conftest import Browser, SignedIn
from tests.http.places import KEY, make_county

GUESSING = "/kiosk/device/challenge"
ELSEWHERE = {"X-Forwarded-For": "192.0.2.7"}
PROGRAM = {"Accept": "application/json"}


async def exhaust(browser: Browser) -> None:
    for _ in range(MOST[Pace.GUESS]):
        assert (await browser.post(GUESSING)).status == 200


async def test_a_stranger_who_guesses_too_often_waits_as_long_as_is_said(
    anonymous: Browser, clock: SetClock
) -> None:
    await exhaust(anonymous)
    refused = await anonymous.post(GUESSING, headers=PROGRAM)
    told = await refused.json()
    assert (refused.status, refused.content_type) == (429, "application/problem+json")
    assert (told["code"], told["status"]) == ("too-fast", 429)
    wait_s = int(refused.headers["Retry-After"])
    assert f"请等 {wait_s} 秒" in told["detail"]
    clock.move(timedelta(seconds=wait_s - 1))
    assert (await anonymous.post(GUESSING)).status == 429
    clock.move(timedelta(seconds=1))
    assert (await anonymous.post(GUESSING)).status == 200


async def test_a_person_is_told_on_a_page_in_their_language(anonymous: Browser) -> None:
    await exhaust(anonymous)
    form = {"login": "zhou", "password": "whatever"}
    page = await anonymous.post("/sign-in", data=form, headers={"Cookie": f"{LANGUAGE_COOKIE}=en"})
    assert page.status == 429
    assert "Too many requests" in await page.text()


async def test_other_addresses_other_routes_and_who_is_signed_in_go_on(
    anonymous: Browser, signed_in: SignedIn
) -> None:
    lawyer = await signed_in(account(Role.LAWYER, seeded=True))
    await exhaust(anonymous)
    assert (await anonymous.post(GUESSING)).status == 429
    assert (await anonymous.post(GUESSING, headers=ELSEWHERE)).status == 200
    assert (await anonymous.get("/sign-in")).status == 200
    assert (await lawyer.post(GUESSING)).status == 200


async def test_people_and_keys_are_counted_each_for_themselves_wherever_they_are(
    anonymous: Browser, signed_in: SignedIn, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.http.pace.MOST", dict.fromkeys(Pace, 2))
    await make_county(database)
    one, other = [await signed_in(account(Role.LAWYER, seeded=True)) for _ in range(2)]
    key = {"Authorization": f"Bearer {KEY}"}

    async def statuses(browser: Browser, path: str, headers: dict[str, str]) -> list[int]:
        asked = [headers, headers | ELSEWHERE, headers]
        return [(await browser.get(path, headers=each)).status for each in asked]

    assert await statuses(one, "/cases", {}) == [200, 200, 429]
    assert await statuses(other, "/cases", {}) == [200, 200, 429]
    assert await statuses(anonymous, "/api/v1/cases", key) == [200, 200, 429]
    assert (await anonymous.get("/sign-in")).status == 200


async def test_what_costs_next_to_nothing_is_not_counted(
    anonymous: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.http.pace.MOST", dict.fromkeys(Pace, 1))
    assert [(await anonymous.get("/healthz")).status for _ in range(3)] == [200, 200, 200]


@pytest.mark.parametrize(
    ("address", "site"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("", ""),
    ],
)
def test_an_address_stands_for_whom_it_is_given_to(address: str, site: str) -> None:
    assert site_of(address) == site
