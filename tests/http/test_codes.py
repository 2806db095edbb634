"""Codes beside the password: set up, asked for, taken once; and the proof that is asked for again later."""

import re
from datetime import datetime, timedelta

import pyotp
import pytest
from typing_extensions import override

from server.http.identity import SESSION_COOKIE
from server.kernel.identity import Role
from server.people.codes import STEP_S
from server.people.model import Account
from server.people.passwords import Argon2Passwords
from server.people.policy import PROOF_LIFE
from server.people.sealing import AesSealer
from server.people.signing_in import PasswordDoor, SignIn, WrongPassword
from storage.database import Database
from tests.factories import account
from tests.fakes.clock import SetClock
from tests.http.conftest import Browser

PASSWORD = "correct horse"  # noqa: S105 - of people made up here
FORM = {"login": "lin", "name": "林某", "role": "lawyer"}


def code_at(secret: str, moment: datetime) -> str:
    """Returns the code that a program shows at the moment."""
    return pyotp.TOTP(secret).at(moment)


async def add_person(database: Database, role: Role = Role.AUDITOR) -> Account:
    made = account(role)
    async with database.transaction() as tx:
        await tx.people.add_account(made, password_hash=await Argon2Passwords().hash(PASSWORD))
    return made


async def sign_in(browser: Browser, person: Account, code: str = "", password: str = PASSWORD) -> int:
    form = {"login": person.login, "password": password, "code": code}
    return (await browser.post("/sign-in", data=form, allow_redirects=False)).status


def sealed_in(page: str) -> str:
    found = re.search(r'name="sealed" value="([^"]+)"', page)
    assert found is not None
    return found[1]


def secret_in(page: str) -> str:
    found = re.search(r'secret">([A-Z2-7 \n]+)<', page)
    assert found is not None
    return "".join(found[1].split())


async def set_up_codes(browser: Browser, clock: SetClock) -> str:
    """Sets codes up as a person does, and returns their secret."""
    page = await (await browser.get("/account/codes")).text()
    secret = secret_in(page)
    form = {"sealed": sealed_in(page), "code": code_at(secret, clock.now())}
    answer = await browser.post("/account/codes", data=form, allow_redirects=False)
    assert (answer.status, answer.headers["Location"]) == (303, "/account")
    return secret


async def test_a_password_alone_opens_nothing_but_the_way_to_a_second_factor(
    anonymous: Browser, database: Database, clock: SetClock
) -> None:
    assert await sign_in(anonymous, await add_person(database)) == 303
    led = await anonymous.get("/audit", allow_redirects=False)
    assert (led.status, led.headers["Location"]) == (303, "/account")
    refused = await anonymous.get("/audit/head", headers={"Accept": "application/json"})
    assert (refused.status, (await refused.json())["code"]) == (403, "not-enrolled")
    await set_up_codes(anonymous, clock)
    assert (await anonymous.get("/audit")).status == 200


async def test_with_codes_the_password_is_heard_with_a_code_only_and_each_code_once(
    anonymous: Browser, database: Database, clock: SetClock
) -> None:
    person = await add_person(database)
    await sign_in(anonymous, person)
    secret = await set_up_codes(anonymous, clock)
    assert await sign_in(anonymous, person) == 422
    assert await sign_in(anonymous, person, code_at(secret, clock.now())) == 422, "it was used to set them up"
    clock.move(timedelta(seconds=STEP_S))
    code = code_at(secret, clock.now())
    assert await sign_in(anonymous, person, code, "not the password") == 422
    assert await sign_in(anonymous, person, f"{code[:3]} {code[3:]}") == 303
    assert await sign_in(anonymous, person, code) == 422
    assert (await anonymous.get("/audit")).status == 200


@pytest.mark.parametrize(("steps", "status"), [(-2, 422), (-1, 303), (0, 303), (1, 303), (2, 422)])
async def test_a_clock_may_be_half_a_minute_off_and_no_more(
    anonymous: Browser, database: Database, clock: SetClock, steps: int, status: int
) -> None:
    person = await add_person(database)
    await sign_in(anonymous, person)
    secret = await set_up_codes(anonymous, clock)
    clock.move(timedelta(minutes=5))
    code = code_at(secret, clock.now() + steps * timedelta(seconds=STEP_S))
    assert await sign_in(anonymous, person, code) == status


async def test_a_wrong_first_code_shows_the_same_secret_again_and_stores_nothing(
    anonymous: Browser, database: Database
) -> None:
    person = await add_person(database)
    await sign_in(anonymous, person)
    page = await (await anonymous.get("/account/codes")).text()
    answer = await anonymous.post("/account/codes", data={"sealed": sealed_in(page), "code": "000000"})
    assert answer.status == 422
    assert secret_in(await answer.text()) == secret_in(page)
    async with database.reading() as tx:
        assert await tx.people.otp_authenticator(person.id) is None


async def test_a_draft_of_somebody_else_is_none_of_mine(
    anonymous: Browser, database: Database, clock: SetClock
) -> None:
    await sign_in(anonymous, await add_person(database))
    page = await (await anonymous.get("/account/codes")).text()
    await sign_in(anonymous, await add_person(database))
    form = {"sealed": sealed_in(page), "code": code_at(secret_in(page), clock.now())}
    assert (await anonymous.post("/account/codes", data=form)).status == 422


async def test_guesses_elsewhere_do_not_make_the_owner_wait_at_a_browser_they_have_used(
    anonymous: Browser, database: Database, clock: SetClock
) -> None:
    person = await add_person(database)
    await sign_in(anonymous, person)
    secret = await set_up_codes(anonymous, clock)
    clock.move(timedelta(minutes=1))
    known = {cookie.key: cookie.value for cookie in anonymous.session.cookie_jar}["lianbian_device"]
    anonymous.session.cookie_jar.clear()
    statuses = [await sign_in(anonymous, person, "000000") for _ in range(8)]
    assert statuses[-1] == 429
    code = code_at(secret, clock.now())
    assert await sign_in(anonymous, person, code) == 429
    form = {"login": person.login, "password": PASSWORD, "code": code}
    at_home = {"Cookie": f"lianbian_device={known}"}
    answer = await anonymous.post("/sign-in", data=form, headers=at_home, allow_redirects=False)
    assert answer.status == 303


async def test_guesses_at_a_known_browser_are_counted_there(
    anonymous: Browser, database: Database, clock: SetClock
) -> None:
    person = await add_person(database)
    await sign_in(anonymous, person)
    await set_up_codes(anonymous, clock)
    assert [await sign_in(anonymous, person, "000000") for _ in range(7)][-1] == 429


async def enrolled_admin(browser: Browser, database: Database, clock: SetClock) -> str:
    """Signs a security administrator in and lets their proof grow old; returns their codes' secret."""
    await sign_in(browser, await add_person(database, Role.SECURITY_ADMIN))
    secret = await set_up_codes(browser, clock)
    clock.move(PROOF_LIFE)
    return secret


class Interrupted(Argon2Passwords):
    """Checks a password while somebody else sets another one."""

    def __init__(self, database: Database, person: Account) -> None:
        super().__init__()
        self._database, self._person = database, person

    @override
    async def verify(self, password: str, password_hash: str | None) -> bool:
        fits = await super().verify(password, password_hash)
        other = await self.hash("another one by now")
        async with self._database.transaction() as tx:
            await tx.people.set_password(self._person.id, other, initial_until=None)
        return fits


async def test_a_password_that_is_changed_while_it_is_checked_opens_nothing(
    database: Database, clock: SetClock
) -> None:
    person = await add_person(database)
    door = PasswordDoor(database, Interrupted(database, person), AesSealer(lambda: bytes(32)), clock)
    with pytest.raises(WrongPassword):
        await door.sign_in(SignIn(login=person.login, password=PASSWORD))


async def test_codes_set_up_beside_others_prove_nothing(
    anonymous: Browser, database: Database, clock: SetClock
) -> None:
    await sign_in(anonymous, await add_person(database))
    await set_up_codes(anonymous, clock)
    clock.move(PROOF_LIFE - timedelta(seconds=1))
    await set_up_codes(anonymous, clock)
    clock.move(timedelta(seconds=1))
    headers = {"Accept": "application/json"}
    refused = await anonymous.get("/audit/export", headers=headers)
    assert (refused.status, (await refused.json())["code"]) == (403, "proof-too-old")


async def test_a_feed_is_made_with_a_fresh_proof_alone(
    anonymous: Browser, database: Database, clock: SetClock
) -> None:
    await sign_in(anonymous, await add_person(database, Role.LAWYER))
    await set_up_codes(anonymous, clock)
    assert (await anonymous.post("/account/feed")).status == 200
    clock.move(PROOF_LIFE)
    headers = {"Accept": "application/json"}
    refused = await anonymous.post("/account/feed", headers=headers)
    assert (refused.status, (await refused.json())["code"]) == (403, "proof-too-old")


async def test_a_form_that_needs_a_fresh_proof_waits_for_it_and_loses_nothing(
    anonymous: Browser, database: Database, clock: SetClock
) -> None:
    secret = await enrolled_admin(anonymous, database, clock)
    asked = await anonymous.post("/accounts", data=FORM | {"role": "auditor"})
    assert asked.status == 403
    carried = re.search(r'name="carried" value="([^"]+)"', await asked.text())
    assert carried is not None
    form = {"carried": carried[1].replace("&#34;", '"'), "password": PASSWORD}
    assert (await anonymous.post("/account/prove", data=form | {"code": "000000"})).status == 422
    page = await anonymous.post("/account/prove", data=form | {"code": code_at(secret, clock.now())})
    waiting = dict(re.findall(r'name="(\w+)" value="([^"]*)"', await page.text()))
    assert {**FORM, "role": "auditor"}.items() <= waiting.items()
    async with database.reading() as tx:
        assert await tx.people.account_by_login("lin") is None
    assert (await anonymous.post("/accounts", data=FORM | {"role": "auditor"})).status == 200


async def test_the_proof_gives_the_session_another_token(
    anonymous: Browser, database: Database, clock: SetClock
) -> None:
    secret = await enrolled_admin(anonymous, database, clock)
    before = {cookie.key: cookie.value for cookie in anonymous.session.cookie_jar}[SESSION_COOKIE]
    form = {"password": PASSWORD, "code": code_at(secret, clock.now()), "next": "/accounts"}
    answer = await anonymous.post("/account/prove", data=form, allow_redirects=False)
    assert (answer.status, answer.headers["Location"]) == (303, "/accounts")
    anonymous.session.cookie_jar.clear()
    stale = await anonymous.get("/accounts", cookies={SESSION_COOKIE: before}, allow_redirects=False)
    assert stale.headers["Location"].startswith("/sign-in")


@pytest.mark.parametrize(
    "carried", ['["//evil.example/", []]', '["https://evil.example", []]', "[", "[1, 2]"]
)
async def test_what_was_carried_never_leads_off_the_site(
    anonymous: Browser, database: Database, clock: SetClock, carried: str
) -> None:
    secret = await enrolled_admin(anonymous, database, clock)
    form = {"password": PASSWORD, "code": code_at(secret, clock.now()), "carried": carried}
    answer = await anonymous.post("/account/prove", data=form, allow_redirects=False)
    assert (answer.status, answer.headers["Location"]) == (303, "/")


async def test_the_last_authenticator_stays(anonymous: Browser, database: Database, clock: SetClock) -> None:
    await sign_in(anonymous, await add_person(database))
    await set_up_codes(anonymous, clock)
    assert (await anonymous.post("/account/codes/remove")).status == 409


async def test_the_stored_secret_is_sealed(anonymous: Browser, database: Database, clock: SetClock) -> None:
    person = await add_person(database)
    await sign_in(anonymous, person)
    secret = await set_up_codes(anonymous, clock)
    async with database.reading() as tx:
        stored = await tx.people.otp_authenticator(person.id)
    assert stored is not None
    assert secret.encode() not in stored.sealed_secret
