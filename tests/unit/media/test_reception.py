import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.rooms.media.reception import Reception
from server.rooms.media.rtcp import SenderReport


def after(sequences: list[int]) -> Reception:
    reception = Reception(ssrc=7, clock_rate_hz=90_000)
    for index, sequence in enumerate(sequences):
        reception.note(sequence, 3000 * index, index / 30)
    return reception


@pytest.mark.parametrize(
    ("sequences", "highest", "lost", "fraction"),
    [
        ([10, 11, 12, 13], 13, 0, 0),
        ([10, 11, 13], 13, 1, 64),
        ([10, 13], 13, 2, 128),
        ([10, 12, 11, 13], 13, 0, 0),
        ([10, 10, 11], 11, 0, 0),
        ([65_534, 65_535, 0, 1], 65_537, 0, 0),
        ([65_534, 1], 65_537, 2, 128),
    ],
    ids=["whole", "one-lost", "two-lost", "reordered", "repeated", "wrapped", "lost-at-the-wrap"],
)
def test_the_report_counts_what_is_missing(
    sequences: list[int], highest: int, lost: int, fraction: int
) -> None:
    block = after(sequences).block(now_s=1.0)
    assert block is not None
    assert (block.highest_sequence, block.lost, block.fraction_lost) == (highest, lost, fraction)


def test_the_fraction_is_that_of_the_last_interval_only() -> None:
    reception = after([0, 4])
    assert reception.block(1.0) is not None
    reception.note(5, 0, 1.1)
    block = reception.block(2.0)
    assert block is not None
    assert (block.fraction_lost, block.lost) == (0, 3)


def test_there_is_no_report_before_the_first_packet() -> None:
    assert after([]).block(1.0) is None


def test_a_steady_stream_has_no_jitter_and_an_unsteady_one_has() -> None:
    steady, unsteady = Reception(1, 90_000), Reception(1, 90_000)
    for index in range(200):
        steady.note(index, 3000 * index, index / 30)
        unsteady.note(index, 3000 * index, index / 30 + 0.01 * (index % 2))
    blocks = steady.block(9.0), unsteady.block(9.0)
    assert [block.jitter for block in blocks if block] == [0, 899]


def test_the_report_tells_how_long_ago_the_sender_reported() -> None:
    reception = after([1])
    reception.reported(SenderReport(7, 0x0001_2345_6789_ABCD, 0, 0, 0), 10.0)
    block = reception.block(10.5)
    assert block is not None
    assert (block.last_report, block.delay) == (0x2345_6789, 32_768)


@given(st.lists(st.integers(0, 0xFFFF), min_size=1, max_size=60))
def test_no_order_of_packets_breaks_the_bounds_of_a_report(sequences: list[int]) -> None:
    block = after(sequences).block(1.0)
    assert block is not None
    assert 0 <= block.fraction_lost <= 255
    assert 0 <= block.lost <= 0x7FFFFF
    assert 0 <= block.highest_sequence <= 0xFFFFFFFF
