import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from server.cases.model import (
    Assignment,
    AssignmentKind,
    Case,
    DeclineReason,
    EndReason,
    Gender,
    Party,
    PartyKind,
    Stage,
)
from server.cases.service.assigning import (
    AcceptAssignment,
    DeclineAssignment,
    EndAssignment,
    accept,
    decline,
    end,
)
from server.cases.service.facts import note_meeting_held, note_meeting_requested
from server.cooperation.service import ProposeAssignment, propose
from server.kernel.identity import Role
from server.kernel.ids import PartyId, new_id
from server.people.model import Account
from storage.database import Database
from tests.factories import account, case, profile
from tests.fakes.clock import SetClock
from tests.http.conftest import SignedIn
from tests.http.places import County, make_county


@pytest.fixture
async def county(database: Database) -> County:
    return await make_county(database)


@pytest.fixture
async def lawyer(database: Database, county: County) -> Account:
    made = account(Role.LAWYER, name="林某", organisation_id=county.institution.id, seeded=True)
    async with database.transaction() as tx:
        await tx.people.add_account(made, password_hash=None)
        await tx.cooperation.put_profile(profile(county.area.id, account_id=made.id))
    return made


async def stored(database: Database, county: County, *, name: str = "张某", **about: Any) -> Case:  # noqa: ANN401
    made = case(
        area_id=county.area.id,
        agency_id=county.procuratorate.id,
        institution_id=county.institution.id,
        facility_id=county.facility.id,
        **about,
    )
    party = Party(
        id=PartyId(new_id()), case_id=made.id, kind=PartyKind.RECIPIENT, name=name, gender=Gender.MALE
    )
    async with database.transaction() as tx:
        await tx.cases.add_case(made, link_numbers=frozenset({made.agency_number}))
        await tx.cases.add_party(party)
    return made


async def proposed(
    database: Database, county: County, clock: SetClock, about: Case, lawyer: Account
) -> Assignment:
    command = ProposeAssignment(
        case_id=about.id, account_id=lawyer.id, kind=AssignmentKind.LEAD, note="家属信任", version=1
    )
    async with database.transaction() as tx:
        return await propose(command, county.coordinator.identity, tx, clock)


async def assigned(
    database: Database, county: County, clock: SetClock, about: Case, lawyer: Account
) -> Assignment:
    made = await proposed(database, county, clock, about, lawyer)
    async with database.transaction() as tx:
        command = AcceptAssignment(assignment_id=made.id, version=1)
        return await accept(command, lawyer.identity, tx, clock)


async def test_a_proposal_is_seen_accepted_and_becomes_a_case_of_the_lawyers(
    database: Database, county: County, clock: SetClock, lawyer: Account, signed_in: SignedIn
) -> None:
    about = await stored(database, county)
    browser = await signed_in(lawyer)
    async with browser.ws_connect("/live") as socket:
        made = await proposed(database, county, clock, about, lawyer)
        told = await asyncio.wait_for(socket.receive_json(), 1)
    assert told["event"] == "AssignmentProposed"
    desk = await (await browser.get("/cases")).text()
    assert f"/assignments/{made.id}" in desk
    assert "张某" not in desk
    offer = await (await browser.get(f"/assignments/{made.id}")).text()
    assert "张某" in offer
    assert (await browser.get(f"/cases/{about.id}")).status == 404
    accepted = await browser.post(
        f"/assignments/{made.id}/accept", data={"version": 1}, allow_redirects=False
    )
    assert (accepted.status, accepted.headers["Location"]) == (303, f"/cases/{about.id}")
    page = await (await browser.get(f"/cases/{about.id}")).text()
    assert "首次会见受援人" in page
    assert "张某" in await (await browser.get("/cases")).text()
    again = await browser.get(f"/assignments/{made.id}", allow_redirects=False)
    assert again.headers["Location"] == f"/cases/{about.id}"


async def test_a_declined_proposal_is_gone_and_another_reason_needs_words(
    database: Database, county: County, clock: SetClock, lawyer: Account, signed_in: SignedIn
) -> None:
    made = await proposed(database, county, clock, await stored(database, county), lawyer)
    browser = await signed_in(lawyer)
    form = {"version": 1, "reason": "other"}
    wrong = await browser.post(f"/assignments/{made.id}/decline", data=form)
    assert wrong.status == 422
    assert "选“其他”时请写明原因" in await wrong.text()
    unknown = await browser.post(f"/assignments/{made.id}/decline", data={"version": 1, "reason": "bored"})
    assert unknown.status == 422
    right = await browser.post(
        f"/assignments/{made.id}/decline", data=form | {"note": "家属与我相识"}, allow_redirects=False
    )
    assert right.headers["Location"] == "/cases"
    assert (await browser.get(f"/assignments/{made.id}")).status == 404


async def test_an_answer_to_a_proposal_that_changed_is_refused(
    database: Database, county: County, clock: SetClock, lawyer: Account, signed_in: SignedIn
) -> None:
    made = await proposed(database, county, clock, await stored(database, county), lawyer)
    browser = await signed_in(lawyer)
    stale = await browser.post(f"/assignments/{made.id}/accept", data={"version": 7})
    assert stale.status == 412
    nameless = await browser.post(f"/assignments/{made.id}/accept", data={})
    assert nameless.status == 422


async def test_ending_an_assignment_closes_case_and_open_page_within_a_second(
    database: Database, county: County, clock: SetClock, lawyer: Account, signed_in: SignedIn
) -> None:
    about = await stored(database, county)
    made = await assigned(database, county, clock, about, lawyer)
    browser, officer = await signed_in(lawyer), await signed_in(county.officer)
    assert "结束指派" in await (await officer.get(f"/cases/{about.id}")).text()
    async with browser.ws_connect(f"/live?watch=case:{about.id}") as socket:
        ended = await officer.post(
            f"/assignments/{made.id}/end",
            data={"version": 2, "reason": "recipient_asked"},
            allow_redirects=False,
        )
        assert ended.headers["Location"] == f"/cases/{about.id}"
        async with asyncio.timeout(1):
            while not socket.closed:
                await socket.receive()
    assert (await browser.get(f"/cases/{about.id}")).status == 404


async def test_each_organisation_sees_its_own_cases_and_only_those(
    database: Database, county: County, clock: SetClock, lawyer: Account, signed_in: SignedIn
) -> None:
    about = await stored(database, county)
    await assigned(database, county, clock, about, lawyer)
    stranger = account(Role.AGENCY_OFFICER, organisation_id=county.police.id, seeded=True)
    for person, status in ((county.officer, 200), (county.prosecutor, 200), (stranger, 404)):
        browser = await signed_in(person)
        listed = await (await browser.get("/cases")).text()
        assert (about.number in listed) == (status == 200)
        assert (await browser.get(f"/cases/{about.id}")).status == status
    coordinator = await signed_in(county.coordinator)
    assert (await coordinator.get("/cases")).status == 403
    assert (await coordinator.get(f"/cases/{about.id}")).status == 403


async def test_an_agency_sees_who_defends_but_not_why(
    database: Database, county: County, clock: SetClock, lawyer: Account, signed_in: SignedIn
) -> None:
    about = await stored(database, county)
    await assigned(database, county, clock, about, lawyer)
    page = await (await (await signed_in(county.prosecutor)).get(f"/cases/{about.id}")).text()
    assert "林某" in page
    assert "为什么这样指派" not in page
    assert "结束指派" not in page
    assert "林某接受指派" in page
    assert "提议" not in page
    assert "首次会见受援人" not in page
    told = await (await (await signed_in(county.officer)).get(f"/cases/{about.id}")).text()
    assert "为什么这样指派" in told


async def test_an_investigation_offers_no_file_to_the_defence(
    database: Database, county: County, clock: SetClock, lawyer: Account, signed_in: SignedIn
) -> None:
    about = await stored(database, county, stage="investigation")
    await assigned(database, county, clock, about, lawyer)
    page = await (await (await signed_in(lawyer)).get(f"/cases/{about.id}")).text()
    assert "卷宗" not in page
    assert "预约会见" in page


async def test_nobody_hears_of_a_case_that_is_none_of_theirs(
    database: Database, county: County, signed_in: SignedIn
) -> None:
    about = await stored(database, county, opened_at=datetime(2026, 9, 25, tzinfo=UTC))
    officer = await signed_in(county.officer)
    async with officer.ws_connect(f"/live?watch=case:{about.id}"):
        pass
    stranger = await signed_in(account(Role.LAWYER, seeded=True))
    assert (await stranger.get(f"/live?watch=case:{about.id}")).status == 404


async def test_a_lawyer_of_an_institution_hears_nothing_of_its_other_cases(
    database: Database, county: County, clock: SetClock, lawyer: Account, signed_in: SignedIn
) -> None:
    colleague = account(Role.LAWYER, name="孙某", organisation_id=county.institution.id, seeded=True)
    about = await stored(database, county)
    browser = await signed_in(colleague)
    async with browser.ws_connect("/live") as socket:
        await assigned(database, county, clock, about, lawyer)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(socket.receive_json(), 0.5)


@pytest.mark.parametrize("role", [Role.AGENCY_OFFICER, Role.COORDINATOR])
async def test_the_topic_of_a_case_which_tells_the_defences_steps_is_not_for(
    role: Role, database: Database, county: County, signed_in: SignedIn
) -> None:
    about = await stored(database, county)
    person = county.prosecutor if role is Role.AGENCY_OFFICER else county.coordinator
    browser = await signed_in(person)
    assert (await browser.get(f"/live?watch=case:{about.id}")).status == 404
    if role is Role.AGENCY_OFFICER:
        assert f"case:{about.id}" not in await (await browser.get(f"/cases/{about.id}")).text()


async def test_an_agency_hears_that_a_lawyer_accepted_and_ended_and_nothing_between(
    database: Database, county: County, clock: SetClock, lawyer: Account, signed_in: SignedIn
) -> None:
    about = await stored(database, county)
    other = account(Role.LAWYER, name="孙某", organisation_id=county.institution.id, seeded=True)
    async with database.transaction() as tx:
        await tx.people.add_account(other, password_hash=None)
        await tx.cooperation.put_profile(profile(county.area.id, account_id=other.id))
    browser = await signed_in(county.prosecutor)

    async def finish(made: Assignment, *, version: int) -> None:
        command = EndAssignment(assignment_id=made.id, version=version, reason=EndReason.LAWYER_UNABLE)
        async with database.transaction() as tx:
            await end(command, county.coordinator.identity, tx, clock)

    async with browser.ws_connect("/live") as socket:
        declined = await proposed(database, county, clock, about, other)
        async with database.transaction() as tx:
            command = DeclineAssignment(
                assignment_id=declined.id, version=1, reason=DeclineReason.WORKLOAD, note=""
            )
            await decline(command, other.identity, tx, clock)
        await finish(await proposed(database, county, clock, about, lawyer), version=1)
        made = await assigned(database, county, clock, about, lawyer)
        async with database.transaction() as tx:
            await note_meeting_requested(about.id, clock.now(), lawyer.identity, tx)
            await note_meeting_held(about.id, clock.now(), lawyer.identity, tx)
        await finish(made, version=3)
        heard = []
        while "AssignmentEnded" not in heard:
            heard.append((await asyncio.wait_for(socket.receive_json(), 1))["event"])
    assert [event for event in heard if event != "FactRecorded"] == ["AssignmentAccepted", "AssignmentEnded"]


FORM = {
    "agency_number": "平检刑诉受〔2026〕126号",
    "letter_number": "平检援函〔2026〕31号",
    "contact": "白某 0396-1234567",
    "stage": "prosecution_review",
    "procedure": "",
    "reason": "full_coverage",
    "recipient_name": "张某",
    "recipient_gender": "male",
    "recipient_language": "",
    "offence": "故意伤害",
    "facility": "平舆县看守所",
    "related_numbers": "平公刑〔2026〕8号\n平公刑〔2026〕9号",
    "hearing_at": "2026-10-12T09:00",
}


async def test_an_officer_notifies_by_the_form_once_however_often_it_is_pressed(
    database: Database, county: County, signed_in: SignedIn
) -> None:
    browser = await signed_in(county.prosecutor)
    assert (await browser.get("/notices/new")).status == 200
    form = FORM | {"key": "k" * 26}
    sent, again = [await browser.post("/notices/new", data=form, allow_redirects=False) for _ in range(2)]
    assert (sent.status, sent.headers["Location"]) == (again.status, again.headers["Location"])
    async with database.reading() as tx:
        (made,) = await tx.cases.cases_of_agency(county.procuratorate.id)
    assert (sent.status, sent.headers["Location"]) == (303, f"/cases/{made.id}")
    assert made.facility_id == county.facility.id
    assert made.hearing_at == datetime(2026, 10, 12, 1, tzinfo=UTC)


async def test_a_wrong_field_is_named_in_the_form_and_the_rest_stays(
    county: County, signed_in: SignedIn
) -> None:
    browser = await signed_in(county.prosecutor)
    answer = await browser.post("/notices/new", data=FORM | {"key": "k", "recipient_name": ""})
    page = await answer.text()
    assert answer.status == 422
    assert 'id="recipient_name-error"' in page
    assert "平检援函〔2026〕31号" in page
    assert (await browser.post("/notices/new", data={})).status == 422


async def test_the_form_takes_of_a_secret_case_its_number_alone(
    database: Database, county: County, signed_in: SignedIn
) -> None:
    browser = await signed_in(county.prosecutor)
    refused = await browser.post("/notices/new", data=FORM | {"key": "k", "secret": "on"})
    page = await refused.text()
    assert refused.status == 422
    assert "涉密案件只登记编号" in page
    assert "张某" not in page
    number = {"key": "k2", "secret": "on", "agency_number": "平检密〔2026〕1号", "offence": ""}
    taken = await browser.post("/notices/new", data=number, allow_redirects=False)
    assert (taken.status, taken.headers["Location"]) == (303, "/cases")
    async with database.reading() as tx:
        assert await tx.cases.cases_of_agency(county.procuratorate.id) == ()


AGREEMENT, PAPERS = "sign_agreement", "file_papers"


async def test_a_step_that_is_told_ends_its_clock_and_is_told_to_the_open_page(
    database: Database, county: County, clock: SetClock, lawyer: Account, signed_in: SignedIn
) -> None:
    about = await stored(database, county)
    await assigned(database, county, clock, about, lawyer)
    browser, path = await signed_in(lawyer), f"/cases/{about.id}"
    assert "记录办结：签订委托协议" in await (await browser.get(path)).text()
    async with browser.ws_connect(f"/live?watch=case:{about.id}") as socket:
        form = {"duty": AGREEMENT, "done_on": "2026-09-28"}
        answer = await browser.post(f"{path}/steps", data=form, allow_redirects=False)
        assert (answer.status, answer.headers["Location"]) == (303, f"{path}#deadlines")
        assert (await socket.receive_json(timeout=30))["event"] == "FactRecorded"
    assert "记录办结：签订委托协议" not in await (await browser.get(path)).text()
    async with database.reading() as tx:
        facts = (await tx.cases.facts_of(frozenset({about.id})))[about.id]
    assert facts["agreement_signed"] == clock.now(), "of today counts what has passed"


@pytest.mark.parametrize(
    ("form", "status", "words"),
    [
        ({"duty": AGREEMENT, "done_on": "2026-09-29"}, 422, "不能填今天以后的日期"),
        ({"duty": AGREEMENT, "done_on": "2026-09-27"}, 422, "不能早于这项期限开始的日期"),
        ({"duty": AGREEMENT, "done_on": "昨天"}, 422, "办理日期"),
        ({"duty": AGREEMENT}, 422, "请填写这一项"),
        ({"duty": PAPERS, "done_on": "2026-09-28"}, 409, "现在不用办理"),
        ({"duty": "meet_client", "done_on": "2026-09-28"}, 409, "现在不用办理"),
    ],
    ids=["to come", "before it began", "no day", "nothing", "not due at this stage", "not for telling"],
)
async def test_what_cannot_be_told_is_said_and_changes_nothing(  # noqa: PLR0913, PLR0917
    database: Database,
    county: County,
    clock: SetClock,
    lawyer: Account,
    signed_in: SignedIn,
    form: dict[str, str],
    status: int,
    words: str,
) -> None:
    about = await stored(database, county, stage=Stage.PROSECUTION_REVIEW)
    await assigned(database, county, clock, about, lawyer)
    answer = await (await signed_in(lawyer)).post(f"/cases/{about.id}/steps", data=form)
    assert answer.status == status
    assert words in await answer.text()
    async with database.reading() as tx:
        facts = (await tx.cases.facts_of(frozenset({about.id})))[about.id]
    assert not {"agreement_signed", "papers_filed"} & facts.keys()
