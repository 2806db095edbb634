"""How long somebody stays signed in, by what they are here to do (NIST SP 800-63B-4)."""

from datetime import timedelta

import pytest

from server.http.identity import SESSION_COOKIE
from server.kernel.identity import Role
from server.people.database_sessions import DatabaseSessions
from server.people.policy import IDLE_LIFE, SESSION_LIFE
from server.people.sessions import hash_of
from storage.database import Database
from tests.factories import account
from tests.fakes.clock import SetClock
from tests.http.conftest import Browser, SignedIn

ADMINS = [Role.AUDITOR, Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN]
SHORTLY_BEFORE = IDLE_LIFE - timedelta(seconds=1)


async def is_signed_in(browser: Browser) -> bool:
    return (await browser.get("/account", allow_redirects=False)).status == 200


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
    token = next(cookie.value for cookie in browser.session.cookie_jar if cookie.key == SESSION_COOKIE)
    async with database.reading() as tx:
        opened = await tx.people.session(hash_of(token))
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
