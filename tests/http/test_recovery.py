"""Letting somebody in anew who has lost everything: two administrators, never one."""

import pytest

from server.kernel.identity import Role
from server.people.model import Account, FederatedLink
from server.people.policy import RECOVERY_LIFE
from storage.database import Database
from tests.factories import account
from tests.fakes.clock import SetClock
from tests.http.conftest import Browser, SignedIn
from tests.http.test_administration import shown_password
from tests.http.test_codes import add_person, set_up_codes, sign_in

REASON = {"reason": "手机落水，当面核对过身份证"}
OWN = "a sentence of their own"


@pytest.fixture
async def admins(signed_in: SignedIn) -> tuple[Browser, Browser]:
    first, second = (account(Role.SECURITY_ADMIN, seeded=True) for _ in range(2))
    return await signed_in(first), await signed_in(second)


async def person_who_lost_all(browser: Browser, database: Database, clock: SetClock) -> Account:
    person = await add_person(database)
    await sign_in(browser, person)
    await set_up_codes(browser, clock)
    return person


async def post(browser: Browser, path: str, form: dict[str, str] | None = None) -> int:
    return (await browser.post(path, data=form, allow_redirects=False)).status


async def test_one_asks_another_approves_and_the_person_begins_anew(
    admins: tuple[Browser, Browser], anonymous: Browser, database: Database, clock: SetClock
) -> None:
    person = await person_who_lost_all(anonymous, database, clock)
    path = f"/accounts/{person.id}/recovery"
    first, second = admins
    assert await post(first, path, REASON) == 303
    assert REASON["reason"] in await (await second.get("/accounts")).text()
    assert (await anonymous.get("/audit", allow_redirects=False)).status == 200, "nothing has happened yet"
    password = await shown_password(await second.post(f"{path}/approve"))
    left = await anonymous.get("/audit", allow_redirects=False)
    assert left.headers["Location"].startswith("/sign-in")
    assert await sign_in(anonymous, person, password=password) == 303
    led = await anonymous.get("/audit", allow_redirects=False)
    assert led.headers["Location"] == "/account"
    assert await post(second, f"{path}/approve") == 409, "it counts once"


async def test_the_openid_provider_lets_nobody_in_who_was_recovered(
    admins: tuple[Browser, Browser], database: Database, clock: SetClock
) -> None:
    person = await add_person(database, Role.LAWYER)
    link = FederatedLink(account_id=person.id, issuer="https://x", subject="zhou", linked_at=clock.now())
    async with database.transaction() as tx:
        await tx.people.put_link(link)
    path = f"/accounts/{person.id}/recovery"
    assert await post(admins[0], path, REASON) == 303
    assert await post(admins[1], f"{path}/approve") == 200
    async with database.reading() as tx:
        assert await tx.people.link_of(person.id) is None


async def test_who_asks_does_not_approve(
    admins: tuple[Browser, Browser], anonymous: Browser, database: Database, clock: SetClock
) -> None:
    person = await person_who_lost_all(anonymous, database, clock)
    path = f"/accounts/{person.id}/recovery"
    assert await post(admins[0], path, REASON) == 303
    assert await post(admins[0], f"{path}/approve") == 409
    assert (await anonymous.get("/audit", allow_redirects=False)).status == 200
    async with database.reading() as tx:
        assert await tx.people.otp_authenticator(person.id) is not None


async def test_what_was_withdrawn_is_not_approved(
    admins: tuple[Browser, Browser], database: Database
) -> None:
    path = f"/accounts/{(await add_person(database)).id}/recovery"
    first, second = admins
    assert await post(first, path, REASON) == 303
    assert await post(second, path, REASON) == 409, "it is asked for once"
    assert await post(second, f"{path}/withdraw") == 303
    assert await post(second, f"{path}/withdraw") == 409
    assert await post(second, f"{path}/approve") == 409


async def test_a_recovery_is_approved_within_a_week_and_while_who_asked_keeps_accounts(
    signed_in: SignedIn, database: Database, clock: SetClock
) -> None:
    path = f"/accounts/{(await add_person(database)).id}/recovery"
    asker, approver = (account(Role.SECURITY_ADMIN, seeded=True) for _ in range(2))
    first, second = await signed_in(asker), await signed_in(approver)
    assert await post(first, path, REASON) == 303
    clock.move(RECOVERY_LIFE)
    first, second = await signed_in(asker), await signed_in(approver)
    assert await post(second, f"{path}/approve") == 409
    assert REASON["reason"] not in await (await second.get("/accounts")).text()
    assert await post(first, path, REASON) == 303, "asked for anew"
    assert await post(second, f"/accounts/{asker.id}/close") == 303
    third = await signed_in(account(Role.SECURITY_ADMIN, seeded=True))
    assert await post(third, f"{path}/approve") == 409


async def test_a_recovery_needs_a_reason(admins: tuple[Browser, Browser], database: Database) -> None:
    person = await add_person(database)
    assert await post(admins[0], f"/accounts/{person.id}/recovery", {"reason": ""}) == 422
    async with database.reading() as tx:
        assert await tx.people.recoveries() == ()


async def test_nobody_recovers_their_own_account(signed_in: SignedIn) -> None:
    oneself = account(Role.SECURITY_ADMIN, seeded=True)
    browser = await signed_in(oneself)
    assert await post(browser, f"/accounts/{oneself.id}/recovery", REASON) == 409


async def found(database: Database, login: str) -> Account:
    async with database.reading() as tx:
        known = await tx.people.account_by_login(login)
    assert known is not None
    return known[0]


async def test_a_second_administrator_lets_a_new_one_in_and_nobody_makes_one_up_to_approve(
    admins: tuple[Browser, Browser], anonymous: Browser, database: Database, clock: SetClock
) -> None:
    first, second = admins
    form = {"login": "puppet", "name": "另一人", "role": "security_admin"}
    answer = await first.post("/accounts", data=form)
    assert answer.status == 200
    assert "code-xl" not in await answer.text(), "no password is shown"
    puppet = await found(database, "puppet")
    assert not puppet.active
    path = f"/accounts/{puppet.id}"
    for step in ("reopen", "password", "recovery/approve"):
        assert await post(first, f"{path}/{step}") == 409, step
    assert "新增安全管理员" in await (await second.get("/accounts")).text()
    password = await shown_password(await second.post(f"{path}/recovery/approve"))
    assert await sign_in(anonymous, puppet, password=password) == 303
    assert await post(first, f"{path}/password") == 409, "nor taken over before its owner has set codes up"
    await set_up_codes_after_change(anonymous, puppet, password, clock)
    assert await post(first, f"{path}/password") == 200, "the codes are the person's own"


async def set_up_codes_after_change(browser: Browser, person: Account, given: str, clock: SetClock) -> None:
    await browser.post("/account", data={"old": given, "new": OWN})
    assert await sign_in(browser, person, password=OWN) == 303
    await set_up_codes(browser, clock)


async def test_two_let_a_closed_administrator_in_again(
    admins: tuple[Browser, Browser], database: Database
) -> None:
    first, second = admins
    third = account(Role.SECURITY_ADMIN)
    async with database.transaction() as tx:
        await tx.people.add_account(third, password_hash=None)
    path = f"/accounts/{third.id}"
    assert await post(first, f"{path}/close") == 303
    assert await post(first, f"{path}/reopen") == 409
    assert await post(first, f"{path}/recovery", REASON) == 303
    assert await post(first, f"{path}/recovery/approve") == 409
    assert await post(second, f"{path}/recovery/approve") == 200
    assert (await found(database, third.login)).active


async def test_closing_an_account_withdraws_its_recovery(
    admins: tuple[Browser, Browser], database: Database
) -> None:
    person = await add_person(database)
    path = f"/accounts/{person.id}"
    assert await post(admins[0], f"{path}/recovery", REASON) == 303
    assert await post(admins[0], f"{path}/close") == 303
    assert await post(admins[1], f"{path}/recovery/approve") == 409
    assert not (await found(database, person.login)).active


async def test_one_administrator_does_not_take_over_whom_the_openid_provider_lets_in(
    admins: tuple[Browser, Browser], anonymous: Browser, database: Database, clock: SetClock
) -> None:
    person = await add_person(database, Role.LAWYER)
    link = FederatedLink(account_id=person.id, issuer="https://x", subject="zhou", linked_at=clock.now())
    async with database.transaction() as tx:
        await tx.people.put_link(link)
    assert await post(admins[0], f"/accounts/{person.id}/password") == 409
    assert await sign_in(anonymous, person) == 422, "the password alone opens nothing"


async def test_nobody_of_one_name_is_two_of_those_who_are_kept_apart(
    signed_in: SignedIn, database: Database
) -> None:
    admin = await signed_in(account(Role.SECURITY_ADMIN, seeded=True))
    form = {"login": "yan", "name": "严某", "role": "auditor"}
    assert await post(admin, "/accounts", form) == 200
    twice = await admin.post("/accounts", data=form | {"login": "yan2", "role": "system_admin"})
    assert twice.status == 422
    assert 'href="#role"' in await twice.text()
    async with database.reading() as tx:
        found = await tx.people.account_by_login("yan")
    assert found is not None
    await admin.post(f"/accounts/{found[0].id}/close")
    assert await post(admin, "/accounts", form | {"login": "yan2", "role": "system_admin"}) == 200
    assert await post(admin, f"/accounts/{found[0].id}/reopen") == 422
