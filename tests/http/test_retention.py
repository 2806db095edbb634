"""How cases end and are kept: holds, a minor's seal, erasure to the last row, and the proof of it."""

from collections.abc import AsyncIterator
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import func, select

from server.audit.entry import LogKey
from server.audit.search import Search
from server.cases.model import Case, CaseFact, CaseStatus
from server.kernel.identity import Role
from server.kernel.objects import ObjectDamaged, ObjectMissing, ObjectStore
from server.retention.erasing import Keeper
from server.retention.policy import GRACE, OPENED_FOR
from server.settings import Settings
from storage.database import Database, SqlTransaction
from storage.head_files import HeadFiles
from storage.key_file import key_in
from storage.retention import what_tells_of
from storage.tables.cases import assignment, party
from tests import documents
from tests.factories import account
from tests.fakes.clock import SetClock
from tests.http.conftest import Browser, SignedIn
from tests.objects import local_store
from tests.storage.logs import report
from tests.world import Where, World, make_world


@pytest.fixture
async def world(database: Database) -> World:
    return await make_world(database)


@pytest.fixture
async def officer(world: World, signed_in: SignedIn) -> Browser:
    return await signed_in(world.accounts[Role.LEGAL_AID_OFFICER])


@pytest.fixture
async def lawyer(world: World, signed_in: SignedIn) -> Browser:
    return await signed_in(world.accounts[Role.LAWYER])


@pytest.fixture
def objects(settings: Settings, database: Database) -> ObjectStore:
    return local_store(settings, database)


@pytest.fixture
def keeper(database: Database, objects: ObjectStore, clock: SetClock) -> Keeper[SqlTransaction]:
    return Keeper(units=database, turns=database, objects=objects, clock=clock)


def page_of(case: Case) -> str:
    return f"/cases/{case.id}/retention"


async def post(browser: Browser, path: str, **form: str) -> int:
    return (await browser.post(path, data=form, allow_redirects=False)).status


async def stored(database: Database, case: Case) -> Case:
    async with database.reading() as tx:
        found = await tx.cases.case(case.id)
    assert found is not None
    return found


async def findings(settings: Settings) -> tuple[str, ...]:
    """Returns what `python3 -m server check` finds in the database."""
    key = LogKey(partial(key_in, settings.log_key))
    return (await report(settings.database, HeadFiles(settings.data_dir / "no heads"), key)).findings


async def events_of(database: Database, case: Case) -> list[str]:
    async with database.reading() as tx:
        entries = await tx.log.newest(Search(case_id=case.id), before=None, limit=100)
    return [entry.event for entry in entries]


async def test_an_officer_ends_a_case_and_its_time_begins(
    world: World, officer: Browser, lawyer: Browser, database: Database, clock: SetClock
) -> None:
    case = world.cases[Where.OWN]
    assert await post(officer, f"{page_of(case)}/end", version="1", step="close") == 303
    assert await post(officer, f"{page_of(case)}/end", version="1", step="archive") == 412
    assert await post(officer, f"{page_of(case)}/end", version="2", step="archive") == 303
    ended = await stored(database, case)
    assert (ended.status, ended.closed_at) == (CaseStatus.ARCHIVED, clock.now())
    assert await post(officer, f"{page_of(case)}/end", version="3", step="terminate") == 403
    assert (await lawyer.get(f"/cases/{case.id}/book")).status == 403
    page = await (await officer.get(page_of(case))).text()
    assert "120" in page
    assert "未核实" in page


async def test_the_clocks_of_a_case_that_is_over_no_longer_run(
    world: World, officer: Browser, lawyer: Browser, database: Database, clock: SetClock
) -> None:
    case = world.cases[Where.OWN]
    at = clock.now() - timedelta(days=90)
    async with database.transaction() as tx:
        key = "procuratorate_received_case_file"
        await tx.cases.add_fact(CaseFact(case_id=case.id, key=key, at=at, actor="x:y", recorded_at=at))
    assert "审查起诉期限" in await (await lawyer.get(f"/cases/{case.id}")).text()
    await post(officer, f"{page_of(case)}/end", version="1", step="terminate")
    assert "审查起诉期限" not in await (await lawyer.get(f"/cases/{case.id}")).text()


async def test_a_case_is_not_erased_before_its_time(
    world: World, officer: Browser, database: Database
) -> None:
    case = world.cases[Where.OWN]
    await post(officer, f"{page_of(case)}/end", version="1", step="terminate")
    refused = await officer.post(f"{page_of(case)}/erasure")
    assert refused.status == 409
    assert "2036-09-28" in await refused.text()
    async with database.reading() as tx:
        assert await tx.retention.planned_erasure(case.id) is None


async def test_a_hold_takes_an_erasure_back_and_bars_another(
    world: World, officer: Browser, database: Database
) -> None:
    case = world.cases[Where.CLOSED]
    assert await post(officer, f"{page_of(case)}/erasure") == 303
    assert await post(officer, f"{page_of(case)}/holds", reason="petition", reference="申〔2026〕3号") == 303
    assert await post(officer, f"{page_of(case)}/erasure") == 409
    async with database.reading() as tx:
        assert await tx.retention.planned_erasure(case.id) is None
        (hold,) = await tx.retention.holds_of(case.id)
    assert await post(officer, f"{page_of(case)}/holds/{hold.id}/lift") == 303
    assert await post(officer, f"{page_of(case)}/holds/{hold.id}/lift") == 409
    assert await post(officer, f"{page_of(case)}/erasure") == 303
    assert await post(officer, f"{page_of(case)}/erasure/withdraw") == 303
    assert await post(officer, f"{page_of(case)}/erasure/withdraw") == 409


async def test_an_erased_case_leaves_no_row_no_key_and_no_file(  # noqa: PLR0913, PLR0917 - fixtures
    world: World,
    officer: Browser,
    lawyer: Browser,
    database: Database,
    settings: Settings,
    clock: SetClock,
    objects: ObjectStore,
    keeper: Keeper[SqlTransaction],
) -> None:
    case = world.cases[Where.CLOSED]
    key = await filed(world, database, objects)
    assert await post(officer, f"{page_of(case)}/erasure") == 303
    await keeper.keep()
    assert (await lawyer.get(f"/cases/{case.id}")).status == 200
    clock.move(GRACE)
    async with database.reading() as tx:
        (wrapped,) = [each for each in await tx.case_keys.all() if each.case_id == case.id]
    await keeper.keep()
    assert await told_of(case, database) == []
    with pytest.raises((ObjectMissing, ObjectDamaged)):
        await objects.of(case.id).size(key)
    assert [path for path in settings.objects_dir.rglob("*") if path.is_file()] == []
    async with database.reading() as tx:
        (entry,) = await tx.log.newest(Search(event="CaseErased", case_id=case.id), before=None, limit=1)
        left = await tx.connection.execute(select(func.count()).where(assignment.c.case_id == case.id))
    assert wrapped.id in entry.details
    assert left.scalar_one() > 0, "who defended stays, for the rules of conflict"
    assert await findings(settings) == ()


async def filed(world: World, database: Database, objects: ObjectStore) -> str:
    """Puts the bytes of the closed case's dossier into the store; returns their key."""

    async def content() -> AsyncIterator[bytes]:
        yield documents.scan(1)

    case = world.cases[Where.CLOSED]
    async with database.reading() as tx:
        (dossier,) = await tx.casefiles.dossiers_of(case.id)
    await objects.of(case.id).put(dossier.original_key, content())
    return dossier.original_key


async def told_of(case: Case, database: Database) -> list[str]:
    """Names the tables that tell of a case."""
    found = []
    async with database.reading() as tx:
        for table, condition in what_tells_of(case.id):
            rows = await tx.connection.execute(select(func.count()).select_from(table).where(condition))
            found += [table.name] if rows.scalar_one() else []
    return found


async def test_what_is_left_of_an_erased_case_is_found(  # noqa: PLR0913, PLR0917 - fixtures
    world: World,
    officer: Browser,
    database: Database,
    settings: Settings,
    clock: SetClock,
    keeper: Keeper[SqlTransaction],
) -> None:
    case = world.cases[Where.CLOSED]
    await post(officer, f"{page_of(case)}/erasure")
    clock.move(GRACE)
    await keeper.keep()
    async with database.transaction() as tx:
        values = {"id": "p" * 26, "case_id": case.id, "kind": "recipient", "name": "张某", "gender": "male"}
        await tx.connection.execute(party.insert().values(values | {"ethnicity": ""}))
    (finding,) = await findings(settings)
    assert f"{case.id} (party)" in finding


async def test_a_hold_in_the_last_moment_stops_the_erasure(
    world: World, officer: Browser, database: Database, clock: SetClock, keeper: Keeper[SqlTransaction]
) -> None:
    case = world.cases[Where.CLOSED]
    await post(officer, f"{page_of(case)}/erasure")
    async with database.reading() as tx:
        planned = await tx.retention.planned_erasure(case.id)
    assert planned is not None
    await post(officer, f"{page_of(case)}/holds", reason="complaint")
    async with database.transaction() as tx:  # as if both had been done at once
        await tx.retention.plan_erasure(planned)
    clock.move(GRACE)
    await keeper.keep()
    assert (await stored(database, case)).erased_at is None
    assert (await events_of(database, case))[0] == "ErasureWithdrawn"


async def test_the_institution_sees_its_closed_cases_by_shelf(
    world: World, signed_in: SignedIn, clock: SetClock, keeper: Keeper[SqlTransaction]
) -> None:
    officer = await signed_in(world.accounts[Role.LEGAL_AID_OFFICER])
    closed, sealed = world.cases[Where.CLOSED], world.cases[Where.SEALED]

    async def shelf(name: str) -> str:
        return await (await officer.get(f"/kept-cases?shelf={name}")).text()

    assert closed.number in await shelf("expired")
    assert closed.number in await shelf("all")
    assert sealed.number in await shelf("sealed")
    assert (await shelf("sealed")).count("张某") == 0
    await post(officer, f"{page_of(closed)}/erasure")
    assert closed.number in await shelf("planned")
    assert closed.number not in await shelf("expired")
    clock.move(GRACE)
    await keeper.keep()
    officer = await signed_in(world.accounts[Role.LEGAL_AID_OFFICER])
    assert closed.number in await shelf("erased")
    assert "审计日志第" in await shelf("erased")
    assert closed.number not in await shelf("all")
    assert (await officer.get("/kept-cases?shelf=cellar")).status == 422


async def test_a_sealed_case_is_nowhere_for_anybody_until_it_is_opened(  # noqa: PLR0913, PLR0917 - fixtures
    world: World,
    officer: Browser,
    lawyer: Browser,
    database: Database,
    clock: SetClock,
    signed_in: SignedIn,
    keeper: Keeper[SqlTransaction],
) -> None:
    case = world.cases[Where.SEALED]
    agency = await signed_in(world.accounts[Role.AGENCY_OFFICER])
    for browser in (officer, lawyer, agency):
        assert case.number not in await (await browser.get("/cases")).text()
        assert (await browser.get(f"/cases/{case.id}")).status in {403, 404}
    page = await (await officer.get(page_of(case))).text()
    assert "张某" not in page
    assert await post(officer, f"{page_of(case)}/seal/open", purpose="judicial") == 422
    form = {"purpose": "judicial", "reference": "调〔2026〕9号"}
    assert await post(officer, f"{page_of(case)}/seal/open", **form) == 303
    assert case.number in await (await lawyer.get("/cases")).text()
    clock.move(OPENED_FOR)
    await keeper.keep()
    lawyer = await signed_in(world.accounts[Role.LAWYER])
    assert (await lawyer.get(f"/cases/{case.id}")).status == 404
    assert (await events_of(database, case))[:2] == ["CaseSealed", "SealOpened"]


async def test_only_a_minors_case_is_sealed(world: World, officer: Browser, database: Database) -> None:
    case = world.cases[Where.CLOSED]
    assert await post(officer, f"{page_of(case)}/seal", ground="sentence") == 409
    assert await post(officer, f"{page_of(world.cases[Where.OWN])}/seal", ground="sentence") == 403
    assert (await stored(database, case)).sealed_at is None


async def test_periods_can_be_longer_and_never_shorter(
    database: Database, signed_in: SignedIn, world: World, officer: Browser
) -> None:
    operator = await signed_in(account(Role.SYSTEM_ADMIN, name="曹某", seeded=True))
    assert await post(operator, "/periods", months="119") == 422
    assert await post(operator, "/periods", months="240") == 303
    assert await post(officer, f"{page_of(world.cases[Where.CLOSED])}/erasure") == 409
    async with database.reading() as tx:
        assert dict(await tx.retention.longer_periods()) == {"case": 240}


async def test_an_assessment_is_written_down_and_stays(signed_in: SignedIn, clock: SetClock) -> None:
    keeper = await signed_in(account(Role.SECURITY_ADMIN, name="金某", seeded=True))
    auditor = await signed_in(account(Role.AUDITOR, name="章某", seeded=True))
    form = {"title": "会见终端", "concluded_on": "2026-09-01", "conclusion": "不录音录像"}
    ahead = (clock.now() + timedelta(days=2)).date().isoformat()
    assert await post(keeper, "/periods/assessments", **form | {"concluded_on": ahead}) == 422
    assert await post(keeper, "/periods/assessments", **form) == 303
    assert "不录音录像" in await (await auditor.get("/periods")).text()
    assert await post(auditor, "/periods/assessments", **form) == 403
