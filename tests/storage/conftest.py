"""Every test of what is stored runs on each engine."""

from pathlib import Path

import pytest

from server.kernel.ids import CaseId
from storage.database import Database
from storage.head_files import HeadFiles
from tests.databases import Engine
from tests.factories import case, organisation


@pytest.fixture(params=tuple(Engine))
def engine(request: pytest.FixtureRequest) -> Engine:
    return Engine(request.param)


@pytest.fixture
def heads(tmp_path: Path) -> HeadFiles:
    """No head exported yet."""
    return HeadFiles(tmp_path / "heads")


@pytest.fixture
async def case_ids(database: Database) -> tuple[CaseId, ...]:
    """Three cases of which nothing is kept yet."""
    area = organisation()
    made = [case(area_id=area.id, agency_id=area.id, institution_id=area.id) for _ in range(3)]
    async with database.transaction() as tx:
        await tx.people.add_organisation(area)
        for each in made:
            await tx.cases.add_case(each, link_numbers=frozenset({each.agency_number}))
    return tuple(each.id for each in made)
