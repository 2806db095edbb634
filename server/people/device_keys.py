"""Keys that never leave the device they were made in: ECDSA on P-256 with SHA-256, as browsers have it.

Web Cryptography writes a public key as an uncompressed point (SEC 1 §2.3.3) and a signature as r‖s (§23.7.3).
"""

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

KEY_BYTES = 65
SIGNATURE_BYTES = 64
_FOR = b"lianbian terminal\0"
"""What a terminal signs begins with this, so that its signature is good for nothing else."""


def is_key(public_key: bytes) -> bool:
    """Tell whether it is a point on the curve."""
    try:
        _read(public_key)
    except ValueError:
        return False
    return True


def has_signed(public_key: bytes, challenge: bytes, signature: bytes) -> bool:
    """Tell whether the key's device signed the challenge."""
    if len(signature) != SIGNATURE_BYTES:
        return False
    half = SIGNATURE_BYTES // 2
    r, s = (int.from_bytes(part, "big") for part in (signature[:half], signature[half:]))
    try:
        _read(public_key).verify(encode_dss_signature(r, s), _FOR + challenge, ec.ECDSA(SHA256()))
    except (InvalidSignature, ValueError):
        return False
    return True


def _read(public_key: bytes) -> ec.EllipticCurvePublicKey:
    return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), public_key)
