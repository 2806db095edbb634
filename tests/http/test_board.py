import asyncio
from typing import Any

import pytest

from server.cases.model import Case, Gender, Party, PartyKind
from server.kernel.identity import Role
from server.kernel.ids import PartyId, new_id
from server.people.model import Account
from storage.database import Database
from tests.factories import account, case, organisation, profile
from tests.http.conftest import Browser, SignedIn
from tests.http.places import County, make_county


@pytest.fixture
async def county(database: Database) -> County:
    return await make_county(database)


@pytest.fixture
async def lawyers(database: Database, county: County) -> tuple[Account, ...]:
    """Two who can be suggested and one who is suspended."""
    made = tuple(
        account(Role.LAWYER, name=name, organisation_id=county.institution.id, seeded=True)
        for name in ("罗某", "林某", "许某")
    )
    async with database.transaction() as tx:
        for lawyer in made:
            await tx.people.add_account(lawyer, password_hash=None)
        for lawyer, given in zip(
            made, ({}, {"region_code": "410100"}, {"suspended": True, "minors": False}), strict=True
        ):
            await tx.cooperation.put_profile(
                profile(county.area.id, account_id=lawyer.id, **given)  # type: ignore[arg-type]
            )
    return made


async def stored(database: Database, county: County, *, link: str = "", **about: Any) -> Case:  # noqa: ANN401
    made = case(
        area_id=county.area.id,
        agency_id=county.procuratorate.id,
        institution_id=county.institution.id,
        **about,
    )
    party = Party(
        id=PartyId(new_id()), case_id=made.id, kind=PartyKind.RECIPIENT, name="张某", gender=Gender.MALE
    )
    async with database.transaction() as tx:
        await tx.cases.add_case(made, link_numbers=frozenset({link or made.agency_number}))
        await tx.cases.add_party(party)
    return made


async def ask(
    browser: Browser, about: Case, lawyer: Account, *, version: int = 1, **form: str
) -> tuple[int, str]:
    answer = await browser.post(
        f"/cooperation/cases/{about.id}/assign",
        data={"lawyer_id": lawyer.id, "version": version, **form},
        allow_redirects=False,
    )
    return answer.status, await answer.text()


@pytest.mark.usefixtures("lawyers")
async def test_the_board_ranks_lawyers_with_reasons_and_names_nobody_defended(
    database: Database, county: County, signed_in: SignedIn
) -> None:
    about = await stored(database, county)
    browser = await signed_in(county.coordinator)
    page = await (await browser.get("/cooperation")).text()
    assert page.index("罗某") < page.index("林某")
    assert "擅长这类案件，刑事辩护 10 年。" in page
    assert "X-06" in page
    assert about.number in page
    assert "张某" not in page


async def test_a_press_asks_the_lawyer_and_the_boards_of_others_hear_of_it(
    database: Database, county: County, lawyers: tuple[Account, ...], signed_in: SignedIn
) -> None:
    about = await stored(database, county)
    browser = await signed_in(county.coordinator)
    async with browser.ws_connect("/live") as socket:
        status, _ = await ask(browser, about, lawyers[0], note="家属信任")
        told = await asyncio.wait_for(socket.receive_json(), 1)
    assert status == 303
    assert (told["topic"], told["event"]) == (f"organisation:{county.area.id}", "AssignmentProposed")
    async with database.reading() as tx:
        (made,) = await tx.cases.assignments_of(about.id)
    assert (made.account_id, made.note, made.rank) == (lawyers[0].id, "家属信任", 1)
    page = await (await browser.get("/cooperation")).text()
    assert "等律师回复" in page
    assert "撤回指派" in page
    withdrawn = await browser.post(
        f"/assignments/{made.id}/end", data={"version": 1, "reason": "withdrawn"}, allow_redirects=False
    )
    assert withdrawn.headers["Location"] == "/cooperation"


async def test_a_lead_other_than_the_first_suggested_needs_a_reason_which_is_kept(
    database: Database, county: County, lawyers: tuple[Account, ...], signed_in: SignedIn
) -> None:
    about = await stored(database, county)
    browser = await signed_in(county.coordinator)
    for reason in ("", "   "):
        status, page = await ask(browser, about, lawyers[1], note=reason)
        assert status == 422
        assert "请写明理由" in page
    async with database.reading() as tx:
        assert await tx.cases.assignments_of(about.id) == ()
    assert (await ask(browser, about, lawyers[1], kind="assisting"))[0] == 303
    assert (await ask(browser, about, lawyers[1], note="会说当地方言"))[0] == 409, "once is enough"
    about = await stored(database, county, link="平公刑〔2026〕10号")
    assert (await ask(browser, about, lawyers[1], note="会说当地方言"))[0] == 303
    async with database.reading() as tx:
        (made,) = await tx.cases.assignments_of(about.id)
    assert (made.rank, made.note) == (2, "会说当地方言")


async def test_what_excludes_a_lawyer_is_said_on_the_board_and_never_the_other_case(
    database: Database, county: County, lawyers: tuple[Account, ...], signed_in: SignedIn
) -> None:
    first, second = [await stored(database, county, link="平公刑〔2026〕9号") for _ in range(2)]
    browser = await signed_in(county.coordinator)
    assert (await ask(browser, first, lawyers[0]))[0] == 303
    status, page = await ask(browser, second, lawyers[0])
    assert status == 409
    assert "利益冲突，不能承办" in page
    refusal = page[page.index('role="alert"') : page.index('class="coord"')]
    assert first.number not in refusal
    status, page = await ask(browser, second, lawyers[2])
    assert status == 409
    assert "排除规则 X-06" in page


async def test_a_stale_board_is_refused_and_shown_anew(
    database: Database, county: County, lawyers: tuple[Account, ...], signed_in: SignedIn
) -> None:
    about = await stored(database, county)
    browser = await signed_in(county.coordinator)
    status, page = await ask(browser, about, lawyers[0], version=9)
    assert status == 412
    assert "内容已被他人更新" in page
    assert (await ask(browser, about, lawyers[0], kind="judge"))[0] == 422


async def test_a_coordinator_of_another_area_finds_neither_case_nor_lawyers(
    database: Database, county: County, lawyers: tuple[Account, ...], signed_in: SignedIn
) -> None:
    about = await stored(database, county)
    elsewhere = organisation()
    async with database.transaction() as tx:
        await tx.people.add_organisation(elsewhere)
    stranger = await signed_in(account(Role.COORDINATOR, organisation_id=elsewhere.id, seeded=True))
    assert about.number not in await (await stranger.get("/cooperation")).text()
    assert (await stranger.get(f"/cooperation?case={about.id}")).status == 404
    assert (await ask(stranger, about, lawyers[0]))[0] == 404
    lawyer = await signed_in(lawyers[0])
    assert (await lawyer.get("/cooperation")).status == 403
