import struct

import pytest
from aioice import stun
from hypothesis import given
from hypothesis import strategies as st

from server.rooms.media.icelite import (
    CONSENT_S,
    MAX_ADDRESSES,
    Address,
    CheckPassed,
    CheckRefused,
    IceLite,
    Peer,
    new_credentials,
)
from server.rooms.media.sdp import Credentials

HOME: Address = ("192.0.2.1", 4000)
MOBILE: Address = ("198.51.100.1", 5000)
REMOTE = Credentials("Tz3e", "dN6QFlMUQMS0lYyfOoTYXu0a")


def listening() -> tuple[IceLite, Peer]:
    ice = IceLite()
    peer = Peer(local=new_credentials(), remote=REMOTE, consent_until_s=0.0)
    ice.add(peer)
    return ice, peer


def check(
    peer: Peer,
    *,
    nominates: bool = False,
    key: bytes | None = None,
    username: str = "",
    role: str = "CONTROLLING",
) -> bytes:
    message = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
    message.attributes["USERNAME"] = username or f"{peer.local.fragment}:{peer.remote.fragment}"
    message.attributes["PRIORITY"] = 1_853_693_695
    message.attributes[f"ICE-{role}"] = 1
    if nominates:
        message.attributes["USE-CANDIDATE"] = None
    message.add_message_integrity(key or peer.local.password.encode())
    return bytes(message)


def test_a_check_is_answered_with_the_address_it_came_from() -> None:
    ice, peer = listening()
    passed = ice.receive(check(peer), HOME, now_s=5.0)
    assert isinstance(passed, CheckPassed)
    answer = stun.parse_message(passed.response)
    assert answer.message_class is stun.Class.RESPONSE
    assert answer.attributes["XOR-MAPPED-ADDRESS"] == HOME
    assert answer.check_message_integrity(peer.local.password.encode())


def test_an_address_mapped_into_ipv6_is_told_as_itself() -> None:
    ice, peer = listening()
    passed = ice.receive(check(peer), ("::ffff:192.0.2.1", 4000, 0, 0), now_s=5.0)
    assert isinstance(passed, CheckPassed)
    assert stun.parse_message(passed.response).attributes["XOR-MAPPED-ADDRESS"] == HOME


def test_each_check_renews_the_consent() -> None:
    ice, peer = listening()
    ice.receive(check(peer), HOME, now_s=100.0)
    assert peer.consent_until_s == 100.0 + CONSENT_S


def test_a_nominating_check_moves_the_leg_to_its_address() -> None:
    ice, peer = listening()
    ice.receive(check(peer), HOME, now_s=1.0)
    ice.receive(check(peer), MOBILE, now_s=2.0)
    assert peer.nominated == HOME
    ice.receive(check(peer, nominates=True), MOBILE, now_s=3.0)
    assert peer.nominated == MOBILE
    assert list(peer.addresses) == [HOME, MOBILE]


def test_a_leg_keeps_few_addresses_and_never_forgets_the_nominated_one() -> None:
    ice, peer = listening()
    ice.receive(check(peer, nominates=True), HOME, now_s=1.0)
    forgotten = []
    for port in range(3 * MAX_ADDRESSES):
        passed = ice.receive(check(peer), ("203.0.113.1", 1000 + port), now_s=2.0)
        assert isinstance(passed, CheckPassed)
        forgotten.append(passed.forgotten)
    assert len(peer.addresses) == MAX_ADDRESSES
    assert HOME in peer.addresses
    assert HOME not in forgotten


def test_a_peer_that_claims_to_be_controlled_is_told_of_the_conflict() -> None:
    ice, peer = listening()
    refused = ice.receive(check(peer, role="CONTROLLED"), HOME, now_s=1.0)
    assert isinstance(refused, CheckRefused)
    assert stun.parse_message(refused.response).attributes["ERROR-CODE"][0] == 487
    assert peer.nominated is None


def test_strangers_get_no_answer() -> None:
    ice, peer = listening()
    assert ice.receive(check(peer, key=b"wrong"), HOME, now_s=1.0) is None
    assert ice.receive(check(peer, username=f"{peer.local.fragment}:other"), HOME, now_s=1.0) is None
    assert ice.receive(check(peer, username="nobody:Tz3e"), HOME, now_s=1.0) is None
    assert peer.nominated is None


def test_a_removed_leg_is_a_stranger() -> None:
    ice, peer = listening()
    ice.remove(peer)
    assert ice.receive(check(peer), HOME, now_s=1.0) is None


@pytest.mark.parametrize("attribute", [0x0003, 0x0006, 0x0008, 0x0024, 0x8028, 0x802A])
def test_an_attribute_of_no_length_is_dropped(attribute: int) -> None:
    ice, _ = listening()
    data = struct.pack("!HHI12sHH", 0x0001, 4, stun.COOKIE, bytes(12), attribute, 0)
    assert len(data) == 24
    assert ice.receive(data, HOME, now_s=1.0) is None


@given(st.binary(max_size=80), st.integers(0, 120))
def test_any_bytes_and_any_cut_check_are_dropped(tail: bytes, length: int) -> None:
    ice, peer = listening()
    whole = check(peer)
    assert ice.receive(tail, HOME, now_s=1.0) is None
    if length < len(whole):
        assert ice.receive(whole[:length], HOME, now_s=1.0) is None
    if tail:
        assert ice.receive(whole + tail, HOME, now_s=1.0) is None


@given(st.lists(st.tuples(st.integers(0, 0xFFFF), st.binary(max_size=40)), max_size=6))
def test_a_well_framed_request_of_any_attributes_is_dropped(attributes: list[tuple[int, bytes]]) -> None:
    ice, _ = listening()
    body = b"".join(
        struct.pack("!HH", kind, len(value)) + value + bytes(-len(value) % 4) for kind, value in attributes
    )
    data = struct.pack("!HHI12s", 0x0001, len(body), stun.COOKIE, bytes(12)) + body
    assert ice.receive(data, HOME, now_s=1.0) is None
