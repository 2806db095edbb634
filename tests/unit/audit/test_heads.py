import json
from base64 import b64encode

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from server.audit.heads import HeadKey, HeadRefused, SignedTreeHead, TreeHead, signed_head_from
from server.audit.merkle import EMPTY_ROOT

KEY = HeadKey(lambda: bytes(range(32)))
HEAD = TreeHead(timestamp=0x0102, tree_size=3, root_hash=EMPTY_ROOT)


def test_what_is_signed_is_the_tree_head_of_rfc_9162() -> None:
    timestamp, tree_size = "0000000000000102", "0000000000000003"
    assert HEAD.data.hex() == f"{timestamp}{tree_size}20{EMPTY_ROOT.hex()}0000"


def test_anyone_with_the_public_key_verifies_it() -> None:
    public = Ed25519PrivateKey.from_private_bytes(bytes(range(32))).public_key()
    public.verify(KEY.sign(HEAD).signature, HEAD.data)


def test_a_head_is_read_as_it_was_written() -> None:
    signed = KEY.sign(HEAD)
    assert signed_head_from(signed.line.encode()) == signed
    KEY.verify(signed)


@pytest.mark.parametrize(
    "altered",
    [
        TreeHead(timestamp=HEAD.timestamp + 1, tree_size=3, root_hash=EMPTY_ROOT),
        TreeHead(timestamp=HEAD.timestamp, tree_size=4, root_hash=EMPTY_ROOT),
        TreeHead(timestamp=HEAD.timestamp, tree_size=3, root_hash=bytes(32)),
    ],
)
def test_an_altered_head_does_not_verify(altered: TreeHead) -> None:
    with pytest.raises(HeadRefused):
        KEY.verify(SignedTreeHead(altered, KEY.sign(HEAD).signature))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=5,
)


@given(st.binary(max_size=300) | JSON.map(lambda value: json.dumps(value).encode()))
def test_what_is_no_head_is_refused(line: bytes) -> None:
    with pytest.raises(HeadRefused):
        signed_head_from(line)


@given(name=st.sampled_from(["timestamp", "tree_size", "root_hash", "signature"]), value=JSON)
def test_a_head_with_a_field_of_another_kind_is_refused_or_does_not_verify(name: str, value: object) -> None:
    fields = json.loads(KEY.sign(HEAD).line)
    with pytest.raises(HeadRefused):
        KEY.verify(signed_head_from(json.dumps({**fields, name: value}).encode()))


def test_a_root_of_another_length_is_refused() -> None:
    fields = json.loads(KEY.sign(HEAD).line) | {"root_hash": b64encode(bytes(31)).decode()}
    with pytest.raises(HeadRefused):
        signed_head_from(json.dumps(fields).encode())


def test_a_line_nested_without_end_is_refused() -> None:
    with pytest.raises(HeadRefused):
        signed_head_from(b"[" * 900)
