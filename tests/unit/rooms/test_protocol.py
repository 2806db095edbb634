import base64
import hashlib
import json
import re
import struct
from pathlib import Path
from typing import Any, get_args

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pydantic import TypeAdapter, ValidationError

from server.rooms.protocol import CLIENT_MESSAGE, SERVER_MESSAGE, ClientMessage, ServerMessage, schema

ROOT = Path(__file__).parents[3]
CONTRACT = ROOT / "tests" / "contract"
SAMPLES: dict[str, dict[str, list[Any]]] = json.loads((CONTRACT / "room_messages.json").read_text("utf-8"))
ADAPTERS: dict[str, TypeAdapter[Any]] = {"client": CLIENT_MESSAGE, "server": SERVER_MESSAGE}
KEYS = json.loads((CONTRACT / "room_keys.json").read_text("utf-8"))


def types_of(union: object) -> set[str]:
    return {member.model_fields["type"].default for member in get_args(get_args(union)[0])}


def unpadded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@pytest.mark.parametrize("side", ["client", "server"])
def test_every_valid_sample_is_read_and_written_back_the_same(side: str) -> None:
    for sample in SAMPLES[side]["valid"]:
        message = ADAPTERS[side].validate_json(json.dumps(sample))
        assert json.loads(ADAPTERS[side].dump_json(message)) == sample


@pytest.mark.parametrize("side", ["client", "server"])
def test_every_invalid_sample_is_refused(side: str) -> None:
    for sample in SAMPLES[side]["invalid"]:
        with pytest.raises(ValidationError):
            ADAPTERS[side].validate_json(json.dumps(sample["message"]))


@pytest.mark.parametrize(("side", "union"), [("client", ClientMessage), ("server", ServerMessage)])
def test_every_message_has_a_sample_and_a_place_in_the_document(side: str, union: object) -> None:
    sampled = {sample["type"] for sample in SAMPLES[side]["valid"]}
    assert sampled == types_of(union)
    named = set(re.findall(r"`([a-z_]+)`", (ROOT / "docs" / "protocol.md").read_text("utf-8")))
    assert types_of(union) <= named | {"error"}


def test_the_json_schema_is_the_one_made_from_the_models() -> None:
    stored = json.loads((CONTRACT / "room.schema.json").read_text("utf-8"))
    assert stored == schema(), "write server.rooms.protocol.schema() to tests/contract/room.schema.json"


def test_the_worked_keys_follow_the_document() -> None:
    head = KEYS["meeting"].encode() + struct.pack(">I", KEYS["epoch"])
    transcript = b"lianbian-roster-1\0" + head + struct.pack(">H", len(KEYS["members"]))
    private = {}
    for member in KEYS["members"]:
        key = ec.derive_private_key(int.from_bytes(unpadded(member["private_key"])), ec.SECP256R1())
        private[member["id"]] = key
        point = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        assert point == unpadded(member["public_key"])
        who = member["id"].encode()
        committed = b"lianbian-commit-1\0" + head + who + point + unpadded(member["nonce"])
        assert hashlib.sha256(committed).digest() == unpadded(member["commitment"])
        kind, name = member["kind"].encode(), member["name"].encode()
        transcript += who + bytes([len(kind)]) + kind + struct.pack(">H", len(name)) + name + point
    digest = hashlib.sha256(transcript).digest()
    assert digest == unpadded(KEYS["transcript"])
    assert f"{int.from_bytes(digest[:8]) % 10**8:08d}" == KEYS["safety_code"]

    sealing = KEYS["sealing"]
    shared = private[sealing["sender"]].exchange(ec.ECDH(), private[sealing["receiver"]].public_key())
    info = b"lianbian-seal-1\0" + sealing["sender"].encode() + sealing["receiver"].encode()
    seal_key = HKDF(hashes.SHA256(), 32, digest, info).derive(shared)
    assert seal_key == unpadded(sealing["seal_key"])
    sealed = unpadded(sealing["sealed"])
    opened = AESGCM(seal_key).decrypt(sealed[:12], sealed[12:], sealing["media"].encode())
    assert opened == unpadded(sealing["media_key"])
