"""What is destroyed with a case, on each engine: all that tells of it, and nothing that tells of another."""

from sqlalchemy import func, select

from server.kernel.ids import CaseId
from storage.database import Database, SqlTransaction
from storage.retention import what_tells_of
from tests.world import Where, World, make_world

KEPT_APART = (Where.OWN, Where.OTHER, Where.SEALED, Where.ELSEWHERE)


async def counted(case_id: CaseId, tx: SqlTransaction) -> dict[str, int]:
    """Returns how many rows of each table tell of a case."""

    found: dict[str, int] = {}
    for table, condition in what_tells_of(case_id):
        rows = await tx.connection.execute(select(func.count()).select_from(table).where(condition))
        found[table.name] = found.get(table.name, 0) + rows.scalar_one()
    return {name: count for name, count in found.items() if count}


async def test_a_case_is_destroyed_and_no_other_is(database: Database) -> None:
    world: World = await make_world(database)
    case = world.cases[Where.CLOSED]
    async with database.reading() as tx:
        before = {where: await counted(world.cases[where].id, tx) for where in Where}
    assert {"party", "annotation", "page", "booking", "meeting", "participant", "told"} <= set(
        before[Where.CLOSED]
    )
    async with database.transaction() as tx:
        destroyed = await tx.retention.destroy(case)
    assert destroyed.rows == sum(before[Where.CLOSED].values())
    async with database.reading() as tx:
        after = {where: await counted(world.cases[where].id, tx) for where in Where}
        left = await tx.cases.case(case.id)
    assert after == before | {Where.CLOSED: {}}
    assert left is not None
    assert (left.number, left.offence, left.agency_number) == (case.number, "", "")
