from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from server.cases.chronicle import Happening, chronicle
from server.cases.model import CaseFact
from server.kernel.ids import CaseId

NOW = datetime(2026, 9, 28, tzinfo=UTC)


def fact(day: int, *, noted: int, again: bool = False, withdrawn: bool = False) -> CaseFact:
    return CaseFact(
        case_id=CaseId("c"),
        key="returned_for_supplement",
        at=NOW + timedelta(days=day),
        actor="lawyer:x",
        recorded_at=NOW + timedelta(days=noted),
        again=again,
        withdrawn=withdrawn,
    )


def held(*facts: CaseFact) -> tuple[Happening, ...]:
    return chronicle(facts).get("returned_for_supplement", ())


def at(day: int, noted: int) -> Happening:
    return Happening(NOW + timedelta(days=day), NOW + timedelta(days=noted))


def test_a_correction_moves_the_last_time_and_what_happens_again_is_added() -> None:
    assert held(fact(1, noted=1), fact(2, noted=5)) == (at(2, 1),)
    assert held(fact(1, noted=1), fact(4, noted=5, again=True)) == (at(1, 1), at(4, 5))
    assert held(fact(1, noted=1), fact(4, noted=5, again=True), fact(3, noted=6)) == (at(1, 1), at(3, 5))


def test_what_is_withdrawn_is_the_last_time_only() -> None:
    twice = (fact(1, noted=1), fact(4, noted=5, again=True))
    gone = fact(4, noted=6, withdrawn=True)
    assert held(*twice, gone) == (at(1, 1),)
    assert held(*twice, gone, gone) == ()


RECORDS = st.lists(
    st.builds(
        lambda day, again, withdrawn: fact(
            day, noted=day, again=again and not withdrawn, withdrawn=withdrawn
        ),
        st.integers(0, 400),
        st.booleans(),
        st.booleans(),
    ),
    max_size=12,
)


@given(before=RECORDS, day=st.integers(0, 400))
def test_to_take_back_what_happened_again_leaves_all_as_it_was(before: list[CaseFact], day: int) -> None:
    again, gone = fact(day, noted=day, again=True), fact(day, noted=day, withdrawn=True)
    assert held(*before, again, gone) == held(*before)


@given(before=RECORDS, day=st.integers(0, 400))
def test_a_correction_changes_neither_how_often_nor_when_it_was_first_recorded(
    before: list[CaseFact], day: int
) -> None:
    known = held(*before)
    corrected = held(*before, fact(day, noted=day))
    assert len(corrected) == max(len(known), 1)
    assert [each.noted_at for each in corrected[: len(known)]] == [each.noted_at for each in known]
