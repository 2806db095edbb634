from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from server.cases.chronicle import Happening
from server.cases.deadlines.calendar import CalendarEntry
from server.cases.deadlines.choices import Choice, Question
from server.cases.model import (
    AssignmentStatus,
    Case,
    CaseFact,
    CaseStatus,
    Gender,
    Party,
    PartyKind,
    ScorePart,
)
from server.cases.offences import OffenceGroup
from server.cases.ports import KeptAnswer
from server.cooperation.model import LawyerCategory, LawyerProfile, Leave
from server.kernel.ids import CaseId, OrganisationId, PartyId, new_id
from server.people.model import Account, OrganisationKind
from storage.database import Database
from storage.tables.cases import calendar_day
from tests.factories import account, assignment, case, organisation


@pytest.fixture
async def area_id(database: Database) -> OrganisationId:
    area = organisation(OrganisationKind.COOPERATION_AREA)
    async with database.transaction() as tx:
        await tx.people.add_organisation(area)
    return area.id


async def stored_case(
    database: Database,
    area_id: OrganisationId,
    *,
    number: str | None = None,
    continues: CaseId | None = None,
) -> Case:
    made = case(area_id=area_id, agency_id=area_id, institution_id=area_id, continues=continues)
    async with database.transaction() as tx:
        await tx.cases.add_case(made, link_numbers=frozenset({number or made.agency_number}))
    return made


async def stored_lawyer(database: Database) -> Account:
    made = account()
    async with database.transaction() as tx:
        await tx.people.add_account(made, password_hash=None)
    return made


async def test_a_case_comes_back_as_it_was_stored_and_as_it_was_changed(
    database: Database, area_id: OrganisationId
) -> None:
    made = await stored_case(database, area_id)
    changed = replace(made, status=CaseStatus.ASSIGNED, hearing_at=datetime(2026, 10, 9, tzinfo=UTC))
    async with database.transaction() as tx:
        assert await tx.cases.case(made.id) == made
        assert await tx.cases.case_by_number(made.number) == made
        await tx.cases.put_case(changed)
    async with database.reading() as tx:
        assert await tx.cases.case(made.id) == changed
        assert await tx.cases.cases_of_agency(area_id) == (changed,)
        assert await tx.cases.cases_of_area(area_id, frozenset({CaseStatus.ASSIGNED})) == (changed,)
        assert await tx.cases.cases_of_area(area_id, frozenset({CaseStatus.NOTICED})) == ()
        assert await tx.cases.opened_by(area_id, 2026) == 1
        assert await tx.cases.opened_by(area_id, 2025) == 0


async def test_cases_that_share_a_number_are_linked(database: Database, area_id: OrganisationId) -> None:
    first = await stored_case(database, area_id, number="平公刑〔2026〕9号")
    second = await stored_case(database, area_id, number="平公刑〔2026〕9号")
    await stored_case(database, area_id)
    async with database.reading() as tx:
        assert await tx.cases.linked_cases(first.id) == {second.id}


async def test_the_stages_of_one_accused_are_no_conflict_though_they_share_a_number(
    database: Database, area_id: OrganisationId
) -> None:
    number = "平检刑诉受〔2026〕126号"
    arrest = await stored_case(database, area_id, number=number)
    review = await stored_case(database, area_id, number=number, continues=arrest.id)
    trial = await stored_case(database, area_id, number=number, continues=review.id)
    accomplice = await stored_case(database, area_id, number=number)
    async with database.reading() as tx:
        for stage in (arrest, review, trial):
            assert await tx.cases.linked_cases(stage.id) == {accomplice.id}


async def test_the_recipient_comes_before_the_relatives(database: Database, area_id: OrganisationId) -> None:
    made = await stored_case(database, area_id)
    people = [
        Party(id=PartyId(new_id()), case_id=made.id, kind=kind, name=name, gender=Gender.MALE, born_on=born)
        for kind, name, born in (
            (PartyKind.RELATIVE, "张某某", None),
            (PartyKind.RECIPIENT, "张某", date(1998, 2, 3)),
        )
    ]
    async with database.transaction() as tx:
        for person in people:
            await tx.cases.add_party(person)
    async with database.reading() as tx:
        assert await tx.cases.parties_of(made.id) == (people[1], people[0])
        assert await tx.cases.recipients_of(frozenset({made.id})) == {made.id: people[1]}


async def test_of_one_fact_the_last_stored_counts(database: Database, area_id: OrganisationId) -> None:
    made = await stored_case(database, area_id)
    async with database.transaction() as tx:
        for day in (1, 2):
            at = datetime(2026, 9, day, tzinfo=UTC)
            await tx.cases.add_fact(
                CaseFact(case_id=made.id, key="detained", at=at, actor="lawyer:x", recorded_at=at)
            )
    async with database.reading() as tx:
        found = await tx.cases.facts_of(frozenset({made.id}))
    assert found == {made.id: {"detained": datetime(2026, 9, 2, tzinfo=UTC)}}


async def test_what_happens_again_stands_beside_what_happened_before(
    database: Database, area_id: OrganisationId
) -> None:
    made = await stored_case(database, area_id)
    key, noted_at = "returned_for_supplement", datetime(2026, 9, 9, tzinfo=UTC)
    moments = [datetime(2026, 9, day, tzinfo=UTC) for day in (1, 5)]
    async with database.transaction() as tx:
        for at in moments:
            await tx.cases.add_fact(
                CaseFact(case_id=made.id, key=key, at=at, actor="lawyer:x", recorded_at=noted_at, again=True)
            )
    async with database.reading() as tx:
        assert await tx.cases.happened_in(frozenset({made.id})) == {
            made.id: {key: tuple(Happening(at, noted_at) for at in moments)}
        }
        assert (await tx.cases.facts_of(frozenset({made.id})))[made.id] == {key: moments[1]}


async def test_facts_keep_what_they_correct_and_what_was_withdrawn_counts_no_longer(
    database: Database, area_id: OrganisationId
) -> None:
    made = await stored_case(database, area_id)
    facts = [
        CaseFact(
            case_id=made.id,
            key="detained",
            at=datetime(2026, 9, day, tzinfo=UTC),
            actor="lawyer:x",
            recorded_at=datetime(2026, 9, 9, tzinfo=UTC),
            withdrawn=withdrawn,
        )
        for day, withdrawn in ((2, False), (1, False), (1, True))
    ]
    async with database.transaction() as tx:
        for fact in facts:
            await tx.cases.add_fact(fact)
    async with database.reading() as tx:
        assert await tx.cases.facts_of(frozenset({made.id})) == {made.id: {}}
        assert await tx.cases.history_of(made.id) == tuple(reversed(facts))


async def test_an_assignment_keeps_its_score_and_counts_while_pending_or_open(
    database: Database, area_id: OrganisationId
) -> None:
    made, lawyer = await stored_case(database, area_id), await stored_lawyer(database)
    part = ScorePart("expertise", 31.5, 40, {"years": 6, "field": "person"})
    proposed = replace(
        assignment(made.id, lawyer.id, status=AssignmentStatus.PROPOSED), score=(part,), rank=1
    )
    async with database.transaction() as tx:
        await tx.cases.add_assignment(proposed)
    async with database.transaction() as tx:
        assert await tx.cases.assignments_of(made.id) == (proposed,)
        assert await tx.cases.cases_of_lawyer(lawyer.id) == ()
        assert await tx.cases.workloads() == {lawyer.id: 1}
        await tx.cases.put_assignment(replace(proposed, status=AssignmentStatus.ACTIVE))
    async with database.transaction() as tx:
        assert await tx.cases.cases_of_lawyer(lawyer.id) == (made,)
        await tx.cases.put_assignment(replace(proposed, status=AssignmentStatus.ENDED))
    async with database.reading() as tx:
        assert await tx.cases.cases_of_lawyer(lawyer.id) == ()
        assert await tx.cases.workloads() == {}
        assert [each.status for each in await tx.cases.assignments_of_lawyer(lawyer.id)] == ["ended"]


async def test_an_answer_is_kept_for_the_agency_that_got_it(
    database: Database, area_id: OrganisationId
) -> None:
    answer = KeptAnswer(body_hash=b"x" * 32, location="/api/v1/cases/1", body="{}")
    async with database.transaction() as tx:
        await tx.cases.keep_answer(area_id, "k1", answer, at=datetime(2026, 9, 28, tzinfo=UTC))
    async with database.reading() as tx:
        assert await tx.cases.kept_answer(area_id, "k1") == answer
        assert await tx.cases.kept_answer(OrganisationId("other"), "k1") is None


async def test_the_operators_days_are_read(database: Database) -> None:
    entry = CalendarEntry(date(2027, 10, 9), working=True, name="")
    async with database.transaction() as tx:
        await tx.connection.execute(calendar_day.insert().values(day=entry.day, working=True, name=""))
        assert await tx.cases.calendar_entries() == (entry,)


async def test_the_operators_decisions_come_back_in_order(database: Database) -> None:
    decided = [
        Choice(question=question, answer=answer, actor="x:y", chosen_at=datetime(2026, 9, day, tzinfo=UTC))
        for day, (question, answer) in enumerate(
            [(Question.PRESUMED_DAYS, "workdays"), (Question.TARGETS, "left_out")], start=1
        )
    ]
    async with database.transaction() as tx:
        for each in decided:
            await tx.cases.add_choice(each)
    async with database.reading() as tx:
        assert await tx.cases.choices() == tuple(decided)


async def test_a_profile_comes_back_as_it_was_last_stored(
    database: Database, area_id: OrganisationId
) -> None:
    lawyer = await stored_lawyer(database)
    profile = LawyerProfile(
        account_id=lawyer.id,
        category=LawyerCategory.VOLUNTEER,
        area_id=area_id,
        region_code="410100",
        criminal_defence_since=date(2015, 7, 1),
        specialities=(OffenceGroup.PERSON, OffenceGroup.CYBER),
        languages=("zh", "ug"),
        counties=("411723",),
    )
    leave = Leave(account_id=lawyer.id, from_day=date(2026, 9, 26), until_day=date(2026, 10, 8))
    async with database.transaction() as tx:
        await tx.cooperation.put_profile(replace(profile, cap=3))
        await tx.cooperation.put_profile(profile)
        await tx.cooperation.add_leave(leave)
    async with database.reading() as tx:
        assert await tx.cooperation.profile(lawyer.id) == profile
        assert await tx.cooperation.profiles() == (profile,)
        assert await tx.cooperation.leaves() == (leave,)
