import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.rooms.media.rtp import SEQUENCES, is_newer, is_rtcp, payload_type_table


@pytest.mark.parametrize(
    ("sequence", "than", "newer"),
    [(2, 1, True), (1, 2, False), (1, 1, False), (0, 65_535, True), (65_535, 0, False), (32_767, 0, True)],
)
def test_a_sequence_number_is_newer_within_half_the_circle(sequence: int, than: int, *, newer: bool) -> None:
    assert is_newer(sequence, than) is newer


@given(st.integers(0, SEQUENCES - 1), st.integers(1, SEQUENCES // 2 - 1))
def test_whatever_is_ahead_is_newer_and_never_the_other_way(start: int, step: int) -> None:
    ahead = (start + step) % SEQUENCES
    assert is_newer(ahead, start)
    assert not is_newer(start, ahead)


def test_the_marker_survives_a_change_of_payload_type() -> None:
    table = payload_type_table({96: 120})
    assert (table[96], table[96 | 0x80], table[97]) == (120, 120 | 0x80, 0)


@pytest.mark.parametrize(
    ("second_byte", "rtcp"), [(200, True), (207, True), (96 | 0x80, False), (111, False)]
)
def test_rtcp_is_told_by_its_packet_type(second_byte: int, *, rtcp: bool) -> None:
    assert is_rtcp(second_byte) is rtcp
