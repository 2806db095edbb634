"""What stands in a store comes from outside: any bytes are either an object of ours or named as none."""

from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st

from server.kernel.objects import ObjectDamaged
from storage.envelope import (
    CHUNK_BYTES,
    HEADER_BYTES,
    SEALED_CHUNK_BYTES,
    CaseKey,
    Envelope,
    Suite,
    chunks_of,
    key_id_of,
    plain_size,
)

KEY = CaseKey("0" * 26, bytes(32))
NAME = "objects/doc/x"
SUITES = st.sampled_from(tuple(Suite))


@given(st.binary(max_size=2 * HEADER_BYTES))
def test_any_bytes_are_no_header_of_ours(header: bytes) -> None:
    opened = None
    with suppress(ObjectDamaged):
        key_id_of(header)
    with suppress(ObjectDamaged):
        opened = Envelope.of(header, KEY, NAME)
    assert opened is None


@given(SUITES, st.binary(max_size=200), st.data())
def test_a_chunk_with_any_byte_changed_is_found(suite: Suite, content: bytes, data: st.DataObject) -> None:
    made = Envelope.made(suite, KEY, NAME)
    sealed = bytearray(made.seal(0, content, ends=True))
    envelope = Envelope.of(made.header, KEY, NAME)
    assert envelope.open(0, bytes(sealed), last=0) == content
    sealed[data.draw(st.integers(0, len(sealed) - 1))] ^= data.draw(st.integers(1, 255))
    found = False
    try:
        envelope.open(0, bytes(sealed), last=0)
    except ObjectDamaged:
        found = True
    assert found


@given(st.integers(0, 5 * CHUNK_BYTES))
def test_sizes_are_told_from_what_is_stored(size_bytes: int) -> None:
    chunks = max(1, -(-size_bytes // CHUNK_BYTES))
    stored = HEADER_BYTES + size_bytes + chunks * (SEALED_CHUNK_BYTES - CHUNK_BYTES)
    assert (chunks_of(stored), plain_size(stored)) == (chunks, size_bytes)
