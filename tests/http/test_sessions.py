"""How long somebody stays signed in, by what they are here to do (NIST SP 800-63B-4), and sees of it."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from server.http.identity import SESSION_COOKIE
from server.kernel.identity import Role
from server.people.database_sessions import DatabaseSessions
from server.people.policy import IDLE_LIFE, NOTED_AFTER, PROOF_LIFE, SESSION_LIFE
from server.people.sessions import hash_of
from storage.database import Database
from storage.tables.audit import audit_entry
from tests.factories import account
from tests.fakes.clock import SetClock
from tests.http.conftest import Browser, SignedIn
from tests.http.test_codes import PASSWORD, add_person, set_up_codes, sign_in

ADMINS = [Role.AUDITOR, Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN]
SHORTLY_BEFORE = IDLE_LIFE - timedelta(seconds=1)


async def is_signed_in(browser: Browser) -> bool:
    return (await browser.get("/account", allow_redirects=False)).status == 200


def token_of(browser: Browser) -> str:
    return next(cookie.value for cookie in browser.session.cookie_jar if cookie.key == SESSION_COOKIE)


@pytest.mark.parametrize("role", ADMINS)
async def test_who_runs_or_audits_is_signed_out_when_idle_and_not_while_at_work(
    signed_in: SignedIn, clock: SetClock, role: Role
) -> None:
    browser = await signed_in(account(role, seeded=True))
    for _ in range(3):
        clock.move(SHORTLY_BEFORE)
        assert await is_signed_in(browser)
    clock.move(IDLE_LIFE)
    assert not await is_signed_in(browser)


async def test_however_busy_they_sign_in_anew_each_day(signed_in: SignedIn, clock: SetClock) -> None:
    browser = await signed_in(account(Role.AUDITOR, seeded=True))
    worked = timedelta()
    while worked + SHORTLY_BEFORE < SESSION_LIFE:
        clock.move(SHORTLY_BEFORE)
        worked += SHORTLY_BEFORE
        assert await is_signed_in(browser)
    clock.move(SESSION_LIFE - worked)
    assert not await is_signed_in(browser)


@pytest.mark.parametrize("role", [Role.LAWYER, Role.FACILITY_OFFICER, Role.COORDINATOR])
async def test_others_stay_for_a_working_day(signed_in: SignedIn, clock: SetClock, role: Role) -> None:
    browser = await signed_in(account(role, seeded=True))
    clock.move(SESSION_LIFE - timedelta(seconds=1))
    assert await is_signed_in(browser)
    clock.move(timedelta(seconds=1))
    assert not await is_signed_in(browser)


async def test_an_open_socket_keeps_nobody_signed_in(
    signed_in: SignedIn, database: Database, clock: SetClock
) -> None:
    browser = await signed_in(account(Role.AUDITOR, seeded=True))
    async with database.reading() as tx:
        opened = await tx.people.session(hash_of(token_of(browser)))
    assert opened is not None
    sessions = DatabaseSessions(database, clock)
    clock.move(SHORTLY_BEFORE)
    assert await sessions.still(opened.id) is not None
    clock.move(timedelta(seconds=1))
    assert await sessions.still(opened.id) is None


async def test_a_session_that_was_ended_is_not_revived_by_use(signed_in: SignedIn, clock: SetClock) -> None:
    browser = await signed_in(account(Role.AUDITOR, seeded=True))
    clock.move(timedelta(minutes=5))
    assert (await browser.post("/sign-out", allow_redirects=False)).status == 303
    assert not await is_signed_in(browser)


EDGE = {
    "User-Agent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0"
}


async def sessions_seen_by(browser: Browser) -> list[tuple[str, str | None]]:
    """Reads the page: what each row says, and where its button posts, if it has one."""
    page = await (await browser.get("/account/sessions")).text()
    rows = re.findall(r'<li class="row">(.*?)</li>', page, re.DOTALL)
    targets = [re.search(r'action="(/account/sessions/[^"]+)"', row) for row in rows]
    texts = [" ".join(re.sub(r"<[^>]*>", " ", row).split()) for row in rows]
    return [(text, found and found[1]) for text, found in zip(texts, targets, strict=True)]


async def test_a_person_sees_where_they_are_signed_in_since_when_and_which_one_this_is(
    anonymous: Browser, database: Database, signed_in: SignedIn, clock: SetClock
) -> None:
    person = replace(await add_person(database, Role.LAWYER), seeded=True)
    async with database.transaction() as tx:
        await tx.people.put_account(person)
    elsewhere = EDGE | {"X-Forwarded-For": "192.0.2.7"}
    form = {"login": person.login, "password": PASSWORD}
    assert (await anonymous.post("/sign-in", data=form, headers=elsewhere)).status == 200
    clock.move(timedelta(hours=1))
    here = await signed_in(person)
    (own, no_button), (other, button) = await sessions_seen_by(here)
    assert ("这台设备" in own, no_button) == (True, None)
    assert other.startswith("Edge, Windows 登录于")
    assert "来自 192.0.2.7" in other
    assert button is not None


async def test_the_last_use_is_noted_with_its_address_and_not_at_each_request(
    signed_in: SignedIn, database: Database, clock: SetClock
) -> None:
    person = account(Role.LAWYER, seeded=True)
    browser = await signed_in(person)
    began, moved = clock.now(), {"X-Forwarded-For": "192.0.2.8"}

    async def noted() -> tuple[object, str]:
        await browser.get("/account", headers=moved)
        async with database.reading() as tx:
            (session,) = await tx.people.sessions_of(person.id)
        return session.used_at, session.origin

    clock.move(NOTED_AFTER - timedelta(seconds=1))
    assert await noted() == (began, "")
    clock.move(timedelta(seconds=1))
    assert await noted() == (clock.now(), "192.0.2.8")


async def test_a_person_ends_one_session_or_all_others_and_the_log_says_so(
    signed_in: SignedIn, database: Database
) -> None:
    person = account(Role.LAWYER, seeded=True)
    here, lost, *others = [await signed_in(person) for _ in range(4)]
    (_, target), *_ = await sessions_seen_by(lost)
    assert target is None
    async with database.reading() as tx:
        found = await tx.people.session(hash_of(token_of(lost)))
    assert found is not None
    await here.post(f"/account/sessions/{found.id}/end")
    assert [await is_signed_in(each) for each in (here, lost, *others)] == [True, False, True, True]
    await here.post("/account/sessions/end-others")
    assert [await is_signed_in(each) for each in (here, lost, *others)] == [True, False, False, False]
    async with database.reading() as tx:
        query = select(audit_entry.c.details).where(audit_entry.c.event == "SessionsEnded")
        entries = (await tx.connection.execute(query.order_by(audit_entry.c.number))).scalars().all()
    assert len(entries) == 2


async def test_nobody_ends_a_session_of_somebody_else(signed_in: SignedIn, database: Database) -> None:
    stranger = await signed_in(account(Role.LAWYER, seeded=True))
    browser = await signed_in(account(Role.LAWYER, seeded=True))
    async with database.reading() as tx:
        found = await tx.people.session(hash_of(token_of(browser)))
    assert found is not None
    refused = await stranger.post(f"/account/sessions/{found.id}/end", allow_redirects=False)
    unknown = await stranger.post("/account/sessions/none/end", allow_redirects=False)
    assert (refused.status, refused.headers["Location"]) == (unknown.status, unknown.headers["Location"])
    assert await is_signed_in(browser)


async def test_ending_sessions_asks_who_is_there(
    anonymous: Browser, database: Database, clock: SetClock
) -> None:
    await sign_in(anonymous, await add_person(database, Role.LAWYER))
    await set_up_codes(anonymous, clock)
    clock.move(PROOF_LIFE)
    assert (await anonymous.post("/account/sessions/end-others")).status == 403
    assert (await anonymous.get("/account/sessions")).status == 200


async def test_what_is_known_of_a_session_is_forgotten_once_it_has_ended(
    signed_in: SignedIn, database: Database, clock: SetClock
) -> None:
    person = account(Role.LAWYER, seeded=True)
    await signed_in(person)
    clock.move(SESSION_LIFE)
    await signed_in(person)
    async with database.reading() as tx:
        assert len(await tx.people.sessions_of(person.id)) == 1
