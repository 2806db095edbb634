from collections import Counter
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from sqlalchemy import func, select

from server.cases.model import CaseStatus
from server.cases.service.facts import note_meeting_held, note_meeting_requested
from server.kernel.identity import Role
from server.kernel.ids import CaseId
from server.people.directory import names_of
from server.people.sessions import hash_of
from storage.database import Database
from storage.tables import cases as tables
from storage.tables.audit import audit_entry
from tests.factories import account
from tests.fakes.clock import SetClock
from tests.http.conftest import Browser
from tests.http.places import KEY, OTHER_KEY, County, make_county

NOTICE: dict[str, Any] = {
    "agency_number": "平检刑诉受〔2026〕126号",
    "letter_number": "平检援函〔2026〕31号",
    "recipient": {"name": "张某", "gender": "male", "born_on": "1998-02-03", "ethnicity": "汉族"},
    "offence": "故意伤害罪",
    "stage": "prosecution_review",
    "reason": "disability",
    "found_on": "2026-09-27",
    "received_case_on": "2026-09-25",
    "facility": "平舆县看守所",
    "contact": "白某 0396-1234567",
}


@pytest.fixture
async def county(database: Database) -> County:
    return await make_county(database)


async def send(
    client: Browser, body: object, *, key: str = KEY, idempotency_key: str = "n1"
) -> tuple[int, dict[str, Any], str]:
    answer = await client.post(
        "/api/v1/notices",
        json=body,
        headers={"Authorization": f"Bearer {key}", "Idempotency-Key": idempotency_key},
    )
    return answer.status, await answer.json(), answer.headers.get("Location", "")


async def rows(database: Database, table: Any) -> int:  # noqa: ANN401 - a table
    async with database.reading() as tx:
        return int((await tx.connection.execute(select(func.count()).select_from(table))).scalar_one())


@pytest.mark.usefixtures("county")
async def test_a_notice_becomes_a_case_with_its_clocks(anonymous: Browser) -> None:
    status, told, location = await send(anonymous, NOTICE)
    assert status == 201
    case = told["case"]
    assert location == f"/api/v1/cases/{case['id']}"
    assert (case["number"], case["status"]) == ("平舆援刑字〔2026〕第1号", "noticed")
    # Received Mo 28 Sep: three days end on Th 1 Oct, a holiday, so with Th 8 Oct.
    clocks = {clock["duty"]: clock for clock in case["clocks"]}
    assert clocks["assign_lawyer"]["due_on"] == "2026-10-08"
    assert clocks["assign_lawyer"]["article"] == "法援法36; 148号令24(2)"
    assert clocks["assign_lawyer"]["moved"]
    assert clocks["notify_legal_aid"]["state"] == "met"

    answer = await anonymous.get(location, headers={"Authorization": f"Bearer {KEY}"})
    assert await answer.json() == case
    etag = answer.headers["ETag"]
    for known, status in ((etag, 304), ("*", 304), (f'"other", W/{etag}', 304), ('"other"', 200)):
        headers = {"Authorization": f"Bearer {KEY}", "If-None-Match": known}
        assert (await anonymous.get(location, headers=headers)).status == status


async def test_the_same_key_and_body_get_the_same_answer_and_make_one_case(
    anonymous: Browser, county: County, database: Database
) -> None:
    first = await send(anonymous, NOTICE)
    again = await send(anonymous, dict(reversed(NOTICE.items())))
    assert again == first
    assert await rows(database, tables.legal_case) == 1
    async with database.reading() as tx:
        assert len(await tx.cases.cases_of_institution(county.institution.id)) == 1


@pytest.mark.usefixtures("county")
async def test_the_same_key_with_another_body_is_refused_by_name(
    anonymous: Browser, database: Database
) -> None:
    await send(anonymous, NOTICE)
    status, told, _ = await send(anonymous, NOTICE | {"offence": "抢劫"})
    assert (status, told["code"]) == (409, "idempotency-key-reused")
    assert await rows(database, tables.legal_case) == 1


@pytest.mark.usefixtures("county")
async def test_two_agencies_may_use_the_same_key(anonymous: Browser, database: Database) -> None:
    await send(anonymous, NOTICE)
    status, _, _ = await send(anonymous, NOTICE, key=OTHER_KEY)
    assert status == 201
    assert await rows(database, tables.legal_case) == 2


@pytest.mark.usefixtures("county")
async def test_a_person_is_not_notified_twice_at_one_stage(anonymous: Browser) -> None:
    await send(anonymous, NOTICE)
    same = NOTICE | {"agency_number": "平检刑诉受 [2026] 126号"}
    status, told, _ = await send(anonymous, same, idempotency_key="n2")
    assert (status, told["code"]) == (409, "already-notified")
    assert "平舆援刑字〔2026〕第1号" in told["detail"]
    another = NOTICE | {"recipient": {"name": "王某"}}
    status, told, _ = await send(anonymous, another, idempotency_key="n3")
    assert (status, told["case"]["number"]) == (201, "平舆援刑字〔2026〕第2号")


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in NOTICE.items() if key != name}


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (without("offence"), "/offence"),
        (NOTICE | {"stage": "third_instance"}, "/stage"),
        (NOTICE | {"reason": "because"}, "/reason"),
        (NOTICE | {"recipient": {"name": "张某", "gender": "m"}}, "/recipient/gender"),
        (NOTICE | {"recipient": {"name": " "}}, "/recipient/name"),
        (NOTICE | {"recipient": {"name": "\ud800"}}, "/recipient/name"),
        (NOTICE | {"recipient": {"name": "张某", "born_on": "2027-01-01"}}, "/recipient/born_on"),
        (NOTICE | {"found_on": "2026-09-29"}, "/found_on"),
        (NOTICE | {"found_on": "yesterday"}, "/found_on"),
        (NOTICE | {"hearing_at": "2026-10-12T09:00:00"}, "/hearing_at"),
        (NOTICE | {"hearing_at": "0001-01-01T00:00:00+08:00"}, "/hearing_at"),
        (NOTICE | {"hearing_at": "9999-12-31T23:59:59-12:00"}, "/hearing_at"),
        (NOTICE | {"found_on": "0001-01-01"}, "/found_on"),
        (NOTICE | {"received_case_on": "0001-01-01"}, "/received_case_on"),
        (NOTICE | {"facility": "某县看守所"}, "/facility"),
        (NOTICE | {"co_accused": -1}, "/co_accused"),
        (NOTICE | {"related_numbers": ["a"] * 21}, "/related_numbers"),
        (NOTICE | {"secret": "true"}, "/secret"),
        (NOTICE | {"secret": 0}, "/secret"),
        (NOTICE | {"colour": "red"}, "/colour"),
        ([NOTICE], "/body"),
    ],
)
@pytest.mark.usefixtures("county")
async def test_what_is_wrong_is_named_and_nothing_is_kept(
    anonymous: Browser, database: Database, body: object, pointer: str
) -> None:
    status, told, _ = await send(anonymous, body)
    assert status == 422
    assert pointer in [error["pointer"] for error in told["errors"]]
    assert await rows(database, tables.legal_case) == 0
    assert await rows(database, tables.notice_answer) == 0


@pytest.mark.usefixtures("county")
async def test_of_a_secret_case_the_number_is_kept_and_nothing_else(
    anonymous: Browser, database: Database
) -> None:
    only_number = {"secret": True, "agency_number": "平检密〔2026〕1号"}
    status, told, location = await send(anonymous, only_number)
    assert (status, told["case"]) == (201, None)
    assert await rows(database, tables.legal_case) == 0
    answer = await anonymous.get(location, headers={"Authorization": f"Bearer {KEY}"})
    assert await answer.json() == told
    hidden = await anonymous.get(location, headers={"Authorization": f"Bearer {OTHER_KEY}"})
    assert hidden.status == 404


@pytest.mark.usefixtures("county")
async def test_more_than_the_number_of_a_secret_case_is_refused_and_not_repeated(
    anonymous: Browser, database: Database
) -> None:
    status, told, _ = await send(anonymous, NOTICE | {"secret": True})
    assert (status, told["code"]) == (422, "secret-case")
    pointers = {error["pointer"] for error in told["errors"]}
    assert pointers == {f"/{name}" for name in NOTICE if name != "agency_number"}
    assert "张某" not in str(told)
    for table in (tables.notice, tables.party, tables.notice_answer):
        assert await rows(database, table) == 0


@pytest.mark.parametrize("key", ["", "k" * 101])
@pytest.mark.usefixtures("county")
async def test_a_notice_needs_an_idempotency_key(anonymous: Browser, key: str) -> None:
    status, told, _ = await send(anonymous, NOTICE, idempotency_key=key)
    assert (status, told["code"]) == (422, "idempotency-key-missing")


@pytest.mark.usefixtures("county")
async def test_what_an_agencys_system_looks_at_is_in_the_log_with_its_key(
    anonymous: Browser, database: Database
) -> None:
    _, told, _ = await send(anonymous, NOTICE)
    headers = {"Authorization": f"Bearer {KEY}"}
    for path in (f"/api/v1/notices/{told['id']}", "/api/v1/cases", "/api/v1/cases?limit=1"):
        assert (await anonymous.get(path, headers=headers)).status == 200
    looks = select(audit_entry).where(audit_entry.c.event.in_(("CaseViewed", "CasesListed")))
    async with database.reading() as tx:
        key = await tx.people.agency_key(hash_of(KEY))
        seen = (await tx.connection.execute(looks.order_by(audit_entry.c.number))).all()
        names = await names_of(frozenset(row.actor for row in seen), tx)
    assert key is not None
    actor = f"agency_officer:{key.organisation_id}/{key.id}"
    assert [(row.event, row.actor) for row in seen] == [("CaseViewed", actor), ("CasesListed", actor)]
    assert seen[0].case_id == told["case"]["id"]
    assert names[actor], "the agency's"


REPLAYS = 1_000


@pytest.mark.usefixtures("county")
async def test_of_a_thousand_notices_sent_again_or_altered_none_is_taken(
    anonymous: Browser, database: Database
) -> None:
    """By somebody who has captured a notice; they change its content, its idempotency key or its key."""
    status, first, _ = await send(anonymous, NOTICE)
    assert status == 201
    rng = Random(7)  # noqa: S311 - the same alterations each time

    async def again(number: int) -> tuple[int, bool]:
        match number % 4:
            case 0:
                status, told, _ = await send(anonymous, NOTICE)
                return status, told == first
            case 1:
                altered = NOTICE | {"offence": f"抢劫{number}", "recipient": {"name": f"王{number}"}}
                status, told, _ = await send(anonymous, altered)
            case 2:
                status, told, _ = await send(anonymous, NOTICE, idempotency_key=f"other-{number}")
            case _:
                at = rng.randrange(len(KEY))
                wrong = KEY[:at] + rng.choice("0123456789") + KEY[at + 1 :] + "x"
                status, told, _ = await send(anonymous, NOTICE, key=wrong)
        return status, False

    results = [await again(number) for number in range(REPLAYS)]
    assert Counter(results) == {(201, True): 250, (409, False): 500, (401, False): 250}
    assert await rows(database, tables.legal_case) == 1
    assert await rows(database, tables.notice) == 1


@pytest.mark.parametrize("key", ["wrong", ""])
@pytest.mark.usefixtures("county")
async def test_without_a_valid_key_nothing_is_taken(anonymous: Browser, key: str) -> None:
    status, told, _ = await send(anonymous, NOTICE, key=key)
    assert (status, told["code"]) == (401, "not-signed-in")
    assert "Bearer" in told["detail"]


@pytest.mark.usefixtures("county")
async def test_another_agency_does_not_find_the_case(anonymous: Browser) -> None:
    _, _, location = await send(anonymous, NOTICE)
    answer = await anonymous.get(location, headers={"Authorization": f"Bearer {OTHER_KEY}"})
    assert answer.status == 404


@pytest.mark.usefixtures("county")
async def test_nothing_tells_an_agency_that_the_defence_met_its_client(
    anonymous: Browser, clock: SetClock, database: Database
) -> None:
    _, told, location = await send(anonymous, NOTICE)
    async with database.transaction() as tx:
        case = await tx.cases.case(CaseId(told["case"]["id"]))
        assert case is not None
        await tx.cases.put_case(replace(case, status=CaseStatus.ASSIGNED, version=2))

    async def seen() -> tuple[str, dict[str, str]]:
        answer = await anonymous.get(location, headers={"Authorization": f"Bearer {KEY}"})
        varying = {"Date", "Trace-Id"}
        return await answer.text(), {key: answer.headers[key] for key in answer.headers.keys() - varying}

    before = await seen()
    async with database.transaction() as tx:
        lawyer = account(Role.LAWYER).identity
        await note_meeting_requested(case.id, clock.now(), lawyer, tx)
        await note_meeting_held(case.id, clock.now(), lawyer, tx)
    async with database.reading() as tx:
        after = await tx.cases.case(case.id)
    assert after is not None
    assert (after.status, after.version) == (CaseStatus.ENGAGED, 3)
    assert await seen() == before


@pytest.mark.usefixtures("county")
async def test_an_earlier_case_is_continued_only_by_the_same_person(
    anonymous: Browser, database: Database
) -> None:
    investigation = NOTICE | {"stage": "investigation", "agency_number": "平公刑〔2026〕8号"}
    _, first, _ = await send(anonymous, investigation, key=OTHER_KEY)
    number = first["case"]["number"]
    continued = {}
    for name, key in (("张某", "a"), ("王某", "b")):
        body = NOTICE | {"earlier_number": number, "recipient": {"name": name}}
        status, told, _ = await send(anonymous, body, idempotency_key=key)
        assert status == 201
        async with database.reading() as tx:
            case = await tx.cases.case(told["case"]["id"])
        assert case is not None
        continued[name] = case.continues
    assert continued == {"张某": first["case"]["id"], "王某": None}
