from server.cases.deadlines.rules import rule_set
from server.cases.model import Stage
from server.cases.service.progress import recordable_at
from server.cases.vocabulary import RECORDED, TO_COME, TRIGGERS
from server.cases.wording import DUTIES

WRITTEN_DOWN = [key for keys in RECORDED.values() for key in keys]


def test_whatever_is_written_down_moves_a_clock_and_has_words() -> None:
    offered = frozenset[str]().union(*(recordable_at(stage) for stage in Stage))
    assert offered == set(WRITTEN_DOWN)
    assert len(WRITTEN_DOWN) == len(set(WRITTEN_DOWN))
    assert offered <= set(TRIGGERS)
    assert offered >= TO_COME


def test_every_clock_has_words_and_an_end_that_somebody_can_tell() -> None:
    clocks = rule_set().clocks
    assert {clock.key for clock in clocks} == set(DUTIES)
    assert {key for clock in clocks for key in clock.done} <= set(TRIGGERS)
