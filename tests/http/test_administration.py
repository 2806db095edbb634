import asyncio
import re
from datetime import timedelta

import pytest
from aiohttp import ClientResponse, WSMsgType

from server.kernel.identity import Role
from server.people.administration import first_account
from server.people.model import OrganisationKind
from server.people.passwords import Argon2Passwords
from server.people.policy import INITIAL_LIFE
from storage.database import Database
from tests.factories import account, organisation
from tests.fakes.clock import SetClock
from tests.http.conftest import Browser, SignedIn
from tests.http.test_codes import set_up_codes

FACILITY = {"name": "平舆县看守所", "kind": "detention_facility", "region_code": "411723"}
AUDITOR = {"login": "yan", "name": "严某", "role": "auditor"}


def _password_in(page: str) -> str:
    found = re.search(r'code-xl">([^<]+)<', page)
    assert found is not None
    return found[1]


async def shown_password(answer: ClientResponse) -> str:
    return _password_in(await answer.text())


async def sign_in(browser: Browser, login: str, password: str) -> None:
    posted = {"login": login, "password": password}
    assert (await browser.post("/sign-in", data=posted, allow_redirects=False)).status == 303


async def test_a_new_person_signs_in_with_the_password_shown_once_and_changes_it(
    signed_in: SignedIn, database: Database, anonymous: Browser
) -> None:
    firm = organisation(OrganisationKind.LAW_FIRM, name="平舆律所")
    async with database.transaction() as tx:
        await tx.people.add_organisation(firm)
    admin = await signed_in(account(Role.SECURITY_ADMIN, seeded=True))
    form = {"login": "zhou", "name": "周某", "role": "lawyer", "organisation_id": firm.id}
    first = _password_in(await (await admin.post("/accounts", data=form)).text())
    again = await (await admin.get("/accounts")).text()
    assert "周某" in again
    assert first not in again

    async def sign_in(password: str) -> int:
        posted = {"login": "zhou", "password": password}
        return (await anonymous.post("/sign-in", data=posted, allow_redirects=False)).status

    assert await sign_in(first) == 303
    changed = await anonymous.post(
        "/account", data={"old": first, "new": "a sentence will do"}, allow_redirects=False
    )
    assert changed.status == 303
    assert await sign_in(first) == 422
    assert await sign_in("a sentence will do") == 303


async def test_a_password_that_somebody_else_gave_opens_nothing_but_its_change(
    signed_in: SignedIn, anonymous: Browser, clock: SetClock
) -> None:
    admin = await signed_in(account(Role.SECURITY_ADMIN, seeded=True))
    given = await shown_password(await admin.post("/accounts", data=AUDITOR))
    await sign_in(anonymous, "yan", given)
    led = await anonymous.get("/audit", allow_redirects=False)
    assert (led.status, led.headers["Location"]) == (303, "/account")
    assert "现在的密码是别人给的" in await (await anonymous.get("/account")).text()
    for path in ("/audit/head", "/live"):
        refused = await anonymous.get(path, headers={"Accept": "application/json"})
        assert (refused.status, (await refused.json())["code"]) == (403, "password-not-changed")
    await anonymous.post("/account", data={"old": given, "new": "only I know this one"})
    await sign_in(anonymous, "yan", "only I know this one")
    await set_up_codes(anonymous, clock)
    assert (await anonymous.get("/audit", allow_redirects=False)).status == 200
    page = await (await anonymous.get("/account")).text()
    assert "现在的密码是别人给的" not in page


async def test_a_password_that_somebody_else_gave_opens_nothing_after_three_days(
    signed_in: SignedIn, anonymous: Browser, clock: SetClock
) -> None:
    admin = await signed_in(account(Role.SECURITY_ADMIN, seeded=True))
    given = await shown_password(await admin.post("/accounts", data=AUDITOR))
    form = {"login": "yan", "password": given}
    clock.move(INITIAL_LIFE - timedelta(seconds=1))
    assert (await anonymous.post("/sign-in", data=form, allow_redirects=False)).status == 303
    clock.move(timedelta(seconds=1))
    assert (await anonymous.post("/sign-in", data=form, allow_redirects=False)).status == 422


async def test_a_password_that_was_reset_has_to_be_changed_again(
    signed_in: SignedIn, anonymous: Browser, database: Database
) -> None:
    admin = await signed_in(account(Role.SECURITY_ADMIN, seeded=True))
    given = await shown_password(await admin.post("/accounts", data=AUDITOR))
    await sign_in(anonymous, "yan", given)
    await anonymous.post("/account", data={"old": given, "new": "only I know this one"})
    async with database.reading() as tx:
        found = await tx.people.account_by_login("yan")
    assert found is not None
    assert not found[0].password_is_initial
    reset = await shown_password(await admin.post(f"/accounts/{found[0].id}/password"))
    await admin.post(f"/accounts/{found[0].id}/close")
    await admin.post(f"/accounts/{found[0].id}/reopen")
    await sign_in(anonymous, "yan", reset)
    assert (await anonymous.get("/audit", allow_redirects=False)).headers["Location"] == "/account"


async def test_closing_an_account_ends_its_open_page_within_a_second_and_lets_nobody_in(
    signed_in: SignedIn,
) -> None:
    lawyer = account(Role.LAWYER, seeded=True)
    browser = await signed_in(lawyer)
    admin = await signed_in(account(Role.SECURITY_ADMIN, seeded=True))
    async with browser.ws_connect("/live") as socket:
        await admin.post(f"/accounts/{lawyer.id}/close")
        closed = await asyncio.wait_for(socket.receive(), 1)
    assert closed.type in {WSMsgType.CLOSE, WSMsgType.CLOSED}
    answer = await browser.get("/account", allow_redirects=False)
    assert (answer.status, answer.headers["Location"]) == (303, "/sign-in?next=/account")


@pytest.mark.parametrize("step", ["close", "password"])
async def test_an_administrator_cannot_lock_themselves_out(signed_in: SignedIn, step: str) -> None:
    oneself = account(Role.SECURITY_ADMIN, seeded=True)
    admin = await signed_in(oneself)
    assert (await admin.post(f"/accounts/{oneself.id}/{step}")).status == 409


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"login": "with space"}, "login"),
        ({"role": "emperor"}, "role"),
        ({"role": "coordinator"}, "organisation_id"),
        ({"name": ""}, "name"),
        ({"surprise": "1"}, "surprise"),
    ],
)
async def test_a_wrong_field_is_named_and_nothing_is_stored(
    signed_in: SignedIn, database: Database, changed: dict[str, str], field: str
) -> None:
    admin = await signed_in(account(Role.SECURITY_ADMIN, seeded=True))
    form = {"login": "lin", "name": "林某", "role": "auditor"} | changed
    answer = await admin.post("/accounts", data=form)
    assert answer.status == 422
    assert f'href="#{field}"' in await answer.text()
    async with database.reading() as tx:
        assert await tx.people.account_by_login("lin") is None


async def test_a_login_name_is_given_once(signed_in: SignedIn) -> None:
    admin = await signed_in(account(Role.SECURITY_ADMIN, seeded=True))
    form = {"login": "lin", "name": "林某", "role": "auditor"}
    assert [(await admin.post("/accounts", data=form)).status for _ in range(2)] == [200, 422]


async def test_a_facility_is_registered_with_its_terminal(signed_in: SignedIn, database: Database) -> None:
    area = organisation(OrganisationKind.COOPERATION_AREA, name="驻马店协作区")
    async with database.transaction() as tx:
        await tx.people.add_organisation(area)
    admin = await signed_in(account(Role.SYSTEM_ADMIN, seeded=True))
    form = {
        "name": "平舆县看守所",
        "kind": "detention_facility",
        "region_code": "411723",
        "parent_id": area.id,
    }
    assert (await admin.post("/organisations", data=form)).status == 200
    async with database.reading() as tx:
        facility = next(each for each in await tx.people.organisations() if each.id != area.id)
    added = await admin.post(f"/organisations/{facility.id}/terminals", data={"name": "1 号终端"})
    assert added.status == 200
    assert "1 号终端" in await added.text()
    assert (await admin.post(f"/organisations/{area.id}/terminals", data={"name": "x"})).status == 404


async def test_an_organisation_outside_any_area_is_refused(signed_in: SignedIn) -> None:
    admin = await signed_in(account(Role.SYSTEM_ADMIN, seeded=True))
    assert (await admin.post("/organisations", data=FACILITY)).status == 422


async def test_the_first_two_accounts_are_made_by_the_command_and_no_third(database: Database) -> None:
    passwords = Argon2Passwords()
    made = [await first_account("security", database, passwords, SetClock()) for _ in range(3)]
    assert [each[0].login if each else None for each in made] == ["security", "security2", None]


@pytest.mark.parametrize(
    "guessable",
    ["password1234", "qwertyuiopas", "lianbian2026", "aaaaaaaaaaaa", "1qaz2wsx3edc"],
)
async def test_a_password_that_would_be_tried_first_is_refused(
    signed_in: SignedIn, anonymous: Browser, guessable: str
) -> None:
    admin = await signed_in(account(Role.SECURITY_ADMIN, seeded=True))
    given = await shown_password(await admin.post("/accounts", data=AUDITOR))
    await sign_in(anonymous, "yan", given)
    answer = await anonymous.post("/account", data={"old": given, "new": guessable})
    assert answer.status == 422
    assert 'href="#new"' in await answer.text()


async def test_guesses_at_the_old_password_are_counted(signed_in: SignedIn, anonymous: Browser) -> None:
    admin = await signed_in(account(Role.SECURITY_ADMIN, seeded=True))
    given = await shown_password(await admin.post("/accounts", data=AUDITOR))
    await sign_in(anonymous, "yan", given)
    form = {"old": "not it", "new": "a sentence will do"}
    statuses = [(await anonymous.post("/account", data=form)).status for _ in range(7)]
    assert statuses == [422] * 6 + [429]
