from hypothesis import given
from hypothesis import strategies as st

from server.rooms.media.cache import PacketCache


def test_the_oldest_packets_give_way() -> None:
    cache = PacketCache(limit_bytes=10)
    for sequence in (65_534, 65_535, 0):
        cache.put(sequence, bytes(4))
    assert [cache.get(sequence) is None for sequence in (65_534, 65_535, 0)] == [True, False, False]


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 30))), st.integers(30, 90))
def test_the_bytes_kept_are_bounded_and_the_newest_packet_is_among_them(
    packets: list[tuple[int, int]], limit: int
) -> None:
    cache = PacketCache(limit_bytes=limit)
    for sequence, length in packets:
        cache.put(sequence, bytes(length))
        assert cache.get(sequence) == bytes(length)
        kept = [cache.get(number) for number in range(21)]
        assert sum(len(packet) for packet in kept if packet) <= limit
