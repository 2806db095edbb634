"""Bytes that no record's name holds, on PostgreSQL, whose texts can't hold them all."""

import pytest
from yarl import URL

from server.kernel.identity import Role
from storage.database import Database
from tests.databases import Engine
from tests.factories import account
from tests.http.conftest import Browser, SignedIn
from tests.http.places import KEY, make_county
from tests.http.test_case_api import NOTICE, send


@pytest.fixture
def engine() -> Engine:
    return Engine.POSTGRESQL


async def test_what_could_name_no_record_is_not_found(
    anonymous: Browser, signed_in: SignedIn, database: Database
) -> None:
    officer = await signed_in((await make_county(database)).officer)
    admin = await signed_in(account(Role.SECURITY_ADMIN, seeded=True))
    headers = {"Authorization": f"Bearer {KEY}"}
    answers = [
        await officer.get(URL("/cases/%00", encoded=True)),
        await officer.get(URL("/cases/%E6%A1%88", encoded=True)),
        await officer.get(URL("/live?watch=case:%00", encoded=True)),
        await admin.post(URL("/accounts/a%00/close", encoded=True)),
        await anonymous.get(URL("/api/v1/cases/%00", encoded=True), headers=headers),
    ]
    assert [answer.status for answer in answers] == [404] * 5


async def test_an_idempotency_key_is_printable(anonymous: Browser, database: Database) -> None:
    await make_county(database)
    for key in ("第一", "\udcff\udcfe"):
        status, told, _ = await send(anonymous, NOTICE, idempotency_key=key)
        assert (status, told["code"]) == (422, "idempotency-key-missing")


async def test_a_case_that_can_be_none_is_not_searched_for(signed_in: SignedIn) -> None:
    auditor = await signed_in(account(Role.AUDITOR, seeded=True))
    assert (await auditor.get("/audit", params={"case_id": "x" * 40})).status == 422
