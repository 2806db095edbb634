"""A terminal's device without a browser: it holds a key, and signs with it as Web Cryptography does."""

from dataclasses import dataclass, field, replace
from datetime import timedelta

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from server.kernel.clock import Clock
from server.people.challenges import Challenges
from server.people.pairing import TerminalDoor
from server.people.sealing import AesSealer
from server.people.sessions import hash_of
from storage.database import Database


@dataclass(frozen=True, slots=True)
class Device:
    """One device."""

    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    @property
    def public_key(self) -> bytes:
        return self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def sign(self, challenge: bytes) -> bytes:
        signature = self.key.sign(b"lianbian terminal\0" + challenge, ec.ECDSA(SHA256()))
        return b"".join(part.to_bytes(32, "big") for part in decode_dss_signature(signature))


async def pair(code: str, database: Database, clock: Clock) -> str:
    """Pairs a new device with the code, and returns its session's token.

    The session lasts as if the device's pages showed its key all along, however far a test moves the clock.
    """
    door = TerminalDoor(database, Challenges(AesSealer(lambda: bytes(32))), clock)
    token = await door.pair(code, Device().public_key)
    async with database.transaction() as tx:
        session = await tx.people.session(hash_of(token))
        assert session is not None
        await tx.people.put_session(replace(session, expires_at=clock.now() + timedelta(days=30)))
    return token
