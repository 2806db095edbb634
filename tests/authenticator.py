"""A passkey authenticator in software (Web Authentication Level 3 §6), and the browser before it."""

import json
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

_PRESENT, _VERIFIED, _MAY_BE_COPIED, _HAS_KEY = 0x01, 0x04, 0x08, 0x40


@dataclass(slots=True, kw_only=True)
class Authenticator:
    """Holds one key; what it says is base64url, as our pages send it."""

    domain: str
    origin: str
    verifies_user: bool = True
    synced: bool = False
    credential_id: bytes = b"the only key of this device"
    count: int = 0
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def create(self, options: dict[str, Any]) -> dict[str, str]:
        """Answers `navigator.credentials.create` (§6.3.2) without attestation (§8.7)."""
        credential = bytes(16) + len(self.credential_id).to_bytes(2, "big") + self.credential_id
        data = self._data(_HAS_KEY) + credential + cbor2.dumps(self._cose_key())
        return {
            "id": text(self.credential_id),
            "client_data": text(self._client_data("webauthn.create", options)),
            "attestation": text(cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})),
        }

    def get(self, options: dict[str, Any]) -> dict[str, str]:
        """Answers `navigator.credentials.get` (§6.3.3)."""
        self.count += 1
        data, client_data = self._data(), self._client_data("webauthn.get", options)
        signature = self.key.sign(data + sha256(client_data).digest(), ec.ECDSA(SHA256()))
        return {
            "id": text(self.credential_id),
            "client_data": text(client_data),
            "authenticator_data": text(data),
            "signature": text(signature),
        }

    def _data(self, flags: int = 0) -> bytes:
        flags |= _PRESENT | (_VERIFIED if self.verifies_user else 0) | (_MAY_BE_COPIED if self.synced else 0)
        return sha256(self.domain.encode()).digest() + bytes([flags]) + self.count.to_bytes(4, "big")

    def _client_data(self, kind: str, options: dict[str, Any]) -> bytes:
        said = {"type": kind, "challenge": options["challenge"], "origin": self.origin, "crossOrigin": False}
        return json.dumps(said).encode()

    def _cose_key(self) -> dict[int, int | bytes]:
        """The public key for ES256 (RFC 9053 §7.1.1)."""
        point = self.key.public_key().public_numbers()
        return {1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32, "big"), -3: point.y.to_bytes(32, "big")}


def text(content: bytes) -> str:
    return urlsafe_b64encode(content).decode().rstrip("=")
