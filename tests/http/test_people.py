import asyncio
import re
from datetime import timedelta

import pytest
from aiohttp import ClientSession, WSMsgType, WSServerHandshakeError
from sqlalchemy import select
from typing_extensions import override

from server.http.base64 import to_text
from server.kernel.identity import Role
from server.people.guesses import TooManyAttempts
from server.people.model import OrganisationKind
from server.people.passwords import Argon2Passwords
from server.people.sealing import AesSealer
from server.people.signing_in import PasswordDoor, SignIn, WrongPassword
from storage.database import Database
from storage.tables.audit import audit_entry
from tests.factories import account, organisation, terminal
from tests.fakes.clock import SetClock
from tests.http.conftest import Browser, SignedIn
from tests.terminal_device import Device


async def _add_with_password(database: Database, password: str) -> str:
    made = account(Role.LAWYER)
    async with database.transaction() as tx:
        await tx.people.add_account(made, password_hash=await Argon2Passwords().hash(password))
    return made.login


async def test_the_right_password_opens_a_session_and_goes_on_to_the_page_asked_for(
    anonymous: Browser, database: Database
) -> None:
    login = await _add_with_password(database, "correct horse")
    answer = await anonymous.post(
        "/sign-in",
        data={"login": login, "password": "correct horse", "next": "/cases"},
        allow_redirects=False,
    )
    assert (answer.status, answer.headers["Location"]) == (303, "/cases")
    cookie = answer.cookies["lianbian_session"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Strict"


async def test_the_log_tells_from_where_and_under_which_rule_somebody_signed_in(
    anonymous: Browser, database: Database
) -> None:
    login = await _add_with_password(database, "correct horse")
    form = {"login": login, "password": "correct horse"}
    behind_a_proxy = {"X-Forwarded-For": "192.0.2.7"}
    await anonymous.post("/sign-in", data=form, headers=behind_a_proxy, allow_redirects=False)
    async with database.reading() as tx:
        query = select(audit_entry).where(audit_entry.c.event == "SignedIn")
        entry = (await tx.connection.execute(query)).one()
    assert (entry.origin, entry.rule) == ("192.0.2.7", "anonymous/visit/no_record")


async def test_a_failed_sign_in_is_in_the_log_of_whose_account_it_is_and_a_strangers_name_is_not(
    anonymous: Browser, database: Database
) -> None:
    login = await _add_with_password(database, "correct horse")
    for name in (login, "nobody-at-all"):
        await anonymous.post("/sign-in", data={"login": name, "password": "wrong"})
    async with database.reading() as tx:
        query = select(audit_entry).where(audit_entry.c.event == "SignInFailed")
        (entry,) = (await tx.connection.execute(query)).all()
        found = await tx.people.account_by_login(login)
    assert found is not None
    assert entry.subject == f"account:{found[0].id}"
    assert entry.origin == "127.0.0.1"


@pytest.mark.parametrize(
    "target",
    ["//evil.example/", "https://evil.example/", "/\\evil.example", "/\t/evil.example", "/\r\n/evil.example"],
)
async def test_signing_in_never_leads_to_another_site(
    anonymous: Browser, database: Database, target: str
) -> None:
    login = await _add_with_password(database, "correct horse")
    answer = await anonymous.post(
        "/sign-in",
        data={"login": login, "password": "correct horse", "next": target},
        allow_redirects=False,
    )
    assert answer.headers["Location"] == "/"


async def test_after_five_wrong_passwords_in_a_row_each_further_one_has_to_wait(
    anonymous: Browser, database: Database, clock: SetClock
) -> None:
    login = await _add_with_password(database, "correct horse")
    form = {"login": login, "password": "wrong"}
    statuses = [(await anonymous.post("/sign-in", data=form)).status for _ in range(7)]
    assert statuses == [422] * 6 + [429]
    clock.move(timedelta(seconds=16))
    right = await anonymous.post("/sign-in", data=form | {"password": "correct horse"}, allow_redirects=False)
    assert right.status == 303


async def test_an_unknown_login_reads_the_same_as_a_wrong_password(
    anonymous: Browser, database: Database
) -> None:
    login = await _add_with_password(database, "correct horse")
    pages = [
        await (await anonymous.post("/sign-in", data={"login": name, "password": "wrong"})).text()
        for name in (login, "nobody")
    ]
    assert pages[0].replace(login, "nobody") == pages[1]


async def test_an_expired_session_sends_to_sign_in(signed_in: SignedIn, clock: SetClock) -> None:
    browser = await signed_in(account(Role.FACILITY_OFFICER, seeded=True))
    assert (await browser.get("/terminals")).status == 200
    clock.move(timedelta(hours=12))
    answer = await browser.get("/terminals", allow_redirects=False)
    assert (answer.status, answer.headers["Location"]) == (303, "/sign-in?next=/terminals")


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/x-www-form-urlencoded", b"login=\xff&password=x"),
        ("application/x-www-form-urlencoded; charset=nonsense", b"login=a&password=x"),
        ("multipart/form-data", b"--"),
    ],
)
async def test_a_form_that_cannot_be_read_is_refused_in_words(
    anonymous: Browser, kind: str, body: bytes
) -> None:
    answer = await anonymous.post("/sign-in", data=body, headers={"Content-Type": kind})
    assert answer.status == 422


@pytest.mark.parametrize("header", [b"Cookie: lianbian_session=\xff\xfe", b"Authorization: Bearer \xff"])
async def test_stray_bytes_in_a_credential_are_nobodys(anonymous: Browser, header: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", anonymous.server.port)
    writer.write(b"GET /sign-in HTTP/1.1\r\nHost: a\r\nConnection: close\r\n" + header + b"\r\n\r\n")
    assert (await reader.readline()).split()[1] == b"200"
    writer.close()


class _Together(Argon2Passwords):
    """Checks no password before all guesses have been sent."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self._all = asyncio.Barrier(count)

    @override
    async def verify(self, password: str, password_hash: str | None) -> bool:
        await self._all.wait()
        return False


async def test_guesses_sent_at_once_are_counted_like_those_sent_in_turn(
    database: Database, clock: SetClock
) -> None:
    login, passwords = await _add_with_password(database, "correct horse"), _Together(8)
    door = PasswordDoor(database, passwords, AesSealer(lambda: bytes(32)), clock)
    guesses = [door.sign_in(SignIn(login=login, password=f"{n}")) for n in range(8)]
    refusals = [type(each) for each in await asyncio.gather(*guesses, return_exceptions=True)]
    assert (refusals.count(WrongPassword), refusals.count(TooManyAttempts)) == (6, 2)


async def test_guesses_at_the_old_password_sent_at_once_are_counted_too(
    database: Database, clock: SetClock
) -> None:
    login, passwords = await _add_with_password(database, "correct horse"), _Together(8)
    async with database.reading() as tx:
        found = await tx.people.account_by_login(login)
    assert found is not None
    door = PasswordDoor(database, passwords, AesSealer(lambda: bytes(32)), clock)
    guesses = [door.change_password(f"{n}", "a sentence will do", found[0].identity) for n in range(8)]
    refusals = [type(each) for each in await asyncio.gather(*guesses, return_exceptions=True)]
    assert (refusals.count(WrongPassword), refusals.count(TooManyAttempts)) == (6, 2)


async def test_a_form_of_another_site_is_refused(anonymous: Browser) -> None:
    answer = await anonymous.post(
        "/sign-in", data={"login": "a", "password": "b"}, headers={"Sec-Fetch-Site": "cross-site"}
    )
    assert answer.status == 403


@pytest.mark.parametrize(("origin", "status"), [("http://evil.example", 403), ("null", 403), ("own", 422)])
async def test_a_browser_without_fetch_metadata_is_judged_by_its_origin(
    anonymous: Browser, origin: str, status: int
) -> None:
    address = anonymous.make_url("/sign-in")
    own = str(address.origin())
    async with ClientSession() as session:
        answer = await session.post(
            address,
            data={"login": "a", "password": "b"},
            headers={"Origin": own if origin == "own" else origin},
        )
    assert answer.status == status


async def test_a_paired_device_is_the_terminal_until_it_is_unpaired(
    signed_in: SignedIn, database: Database, anonymous: Browser
) -> None:
    facility = organisation(OrganisationKind.DETENTION_FACILITY)
    kiosk = terminal(facility.id)
    async with database.transaction() as tx:
        await tx.people.add_organisation(facility)
        await tx.people.add_terminal(kiosk)
    officer = await signed_in(account(Role.FACILITY_OFFICER, organisation_id=facility.id, seeded=True))
    shown = await (await officer.post(f"/terminals/{kiosk.id}/pairing-code")).text()
    code = re.findall(r"\b\d{4} \d{4} \d{4}\b", shown)[0]
    key = {"public_key": to_text(Device().public_key)}
    for _ in range(20):
        assert (await anonymous.post("/kiosk/pair", data=key | {"code": "1" * 12})).status == 422
    paired = await anonymous.post("/kiosk/pair", data=key | {"code": code}, allow_redirects=False)
    assert (paired.status, paired.headers["Location"]) == (303, "/kiosk")
    again = await anonymous.post("/kiosk/pair", data=key | {"code": code}, allow_redirects=False)
    assert again.status == 422

    async with anonymous.ws_connect("/live") as socket:
        await officer.post(f"/terminals/{kiosk.id}/unpair")
        closed = await asyncio.wait_for(socket.receive(), 1)
    assert closed.type in {WSMsgType.CLOSE, WSMsgType.CLOSED}
    with pytest.raises(WSServerHandshakeError):
        await anonymous.ws_connect("/live")


async def test_an_officer_of_another_facility_does_not_find_the_terminal(
    signed_in: SignedIn, database: Database
) -> None:
    facility, other = (organisation(OrganisationKind.DETENTION_FACILITY) for _ in range(2))
    kiosk = terminal(facility.id)
    async with database.transaction() as tx:
        await tx.people.add_organisation(facility)
        await tx.people.add_organisation(other)
        await tx.people.add_terminal(kiosk)
    officer = await signed_in(account(Role.FACILITY_OFFICER, organisation_id=other.id, seeded=True))
    assert (await officer.post(f"/terminals/{kiosk.id}/pairing-code")).status == 404


async def test_signing_out_closes_the_open_page_within_a_second(signed_in: SignedIn) -> None:
    browser = await signed_in(account(Role.LAWYER, seeded=True))
    async with browser.ws_connect("/live") as socket:
        await browser.post("/sign-out", allow_redirects=False)
        closed = await asyncio.wait_for(socket.receive(), 1)
    assert closed.type in {WSMsgType.CLOSE, WSMsgType.CLOSED}


async def test_nobody_may_watch_a_topic_that_is_none_of_theirs(signed_in: SignedIn) -> None:
    browser = await signed_in(account(Role.LAWYER, seeded=True))
    with pytest.raises(WSServerHandshakeError) as refused:
        await browser.ws_connect("/live?watch=case:0123456789abcdefghjkmnpqrs")
    assert refused.value.status == 404
