"""Until when a case is kept, and what keeps it longer."""

from datetime import UTC, date, datetime

import pytest

from server.kernel.ids import AccountId, CaseId, HoldId
from server.retention.model import Hold, HoldReason, RecordKind
from server.retention.periods import Period, known_periods, with_longer
from server.retention.policy import OnHold, StageOpen, StillKept, check_erasable, kept_until
from tests.factories import case

PERIOD = Period(kind=RecordKind.CASE, months=120, least_months=120, citation="", verified=False)
CLOSED = case(closed_at=datetime(2016, 2, 29, 3, 0, tzinfo=UTC))


def hold(*, lifted: bool) -> Hold:
    moment = datetime(2020, 1, 1, tzinfo=UTC)
    return Hold(
        id=HoldId("h"),
        case_id=CaseId("c"),
        reason=HoldReason.PETITION,
        reference="",
        placed_by=AccountId("a"),
        placed_at=moment,
        lifted_at=moment if lifted else None,
    )


def test_the_time_runs_from_the_end_of_the_last_stage() -> None:
    later = case(closed_at=datetime(2017, 5, 6, 17, 0, tzinfo=UTC))
    assert kept_until((CLOSED,), PERIOD) == date(2026, 2, 28)
    assert kept_until((CLOSED, later), PERIOD) == date(2027, 5, 7)
    assert kept_until((CLOSED, case()), PERIOD) is None


def test_a_case_is_erasable_on_the_day_after_which_nothing_keeps_it() -> None:
    check_erasable((CLOSED,), (hold(lifted=True),), PERIOD, date(2026, 2, 28))
    with pytest.raises(StillKept) as refused:
        check_erasable((CLOSED,), (), PERIOD, date(2026, 2, 27))
    assert refused.value.values == {"until": "2026-02-28"}
    with pytest.raises(OnHold):
        check_erasable((CLOSED,), (hold(lifted=False),), PERIOD, date(2030, 1, 1))
    with pytest.raises(StageOpen):
        check_erasable((CLOSED, case()), (), PERIOD, date(2030, 1, 1))


def test_the_law_demands_six_months_of_logs_and_three_years_of_assessments() -> None:
    periods = known_periods()
    logs = {periods[kind].months for kind in (RecordKind.AUDIT_LOG, RecordKind.PROCESS_LOG)}
    assert (logs, periods[RecordKind.ASSESSMENT].months) == ({6}, 36)
    assert all(period.citation for period in periods.values())


def test_the_operator_can_keep_for_longer_and_never_for_less() -> None:
    assert with_longer({RecordKind.CASE: 240})[RecordKind.CASE].months == 240
    assert with_longer({RecordKind.AUDIT_LOG: 1})[RecordKind.AUDIT_LOG].months == 6
