"""Passkeys (Web Authentication Level 3): what a browser is asked for, and what its answer is worth.

The only door to the `webauthn` library. Leaves to `challenges` which challenge counts, and how often.
"""

import json
from dataclasses import dataclass, replace
from datetime import datetime

from server.kernel.errors import N_, DomainError
from server.kernel.ids import AccountId
from server.people.challenges import CHALLENGE_LIFE, Challenge
from server.people.model import Account, Passkey

_LIFE_MS = int(CHALLENGE_LIFE.total_seconds() * 1000)
_NAME = "联辩"


class PasskeyRefused(DomainError):
    """The answer of the browser is none to what it was asked, or of no passkey that is known here."""

    code = "passkey-refused"
    is_attempt = True
    title = N_("通行密钥没有通过验证")
    advice = N_("请重试。若一直不行，请用密码和验证码登录，或联系本机构的安全管理员。")


class PasskeyCopied(PasskeyRefused):
    """It signed rightly, and has counted less than before: there are two of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """The relying party (§4): for whom passkeys are made."""

    domain: str
    origin: str


def challenge_in(client_data: bytes) -> bytes:
    """Return the challenge that a browser says it answered (§5.8.1).

    Raises:
        PasskeyRefused: it says none.
    """
    from webauthn.helpers import base64url_to_bytes  # noqa: PLC0415 - the start need not load it

    try:
        return base64url_to_bytes(json.loads(client_data)["challenge"])
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise PasskeyRefused from None


def to_add(site: Site, account: Account, challenge: Challenge, known: tuple[Passkey, ...]) -> str:
    """Return what `navigator.credentials.create` is asked for, as JSON (§5.4): a key that knows its owner."""
    from webauthn import generate_registration_options, options_to_json  # noqa: PLC0415
    from webauthn.helpers import structs  # noqa: PLC0415

    options = generate_registration_options(
        rp_id=site.domain,
        rp_name=_NAME,
        user_id=account.id.encode(),
        user_name=account.login,
        user_display_name=account.name,
        challenge=challenge.content,
        timeout=_LIFE_MS,
        authenticator_selection=structs.AuthenticatorSelectionCriteria(
            resident_key=structs.ResidentKeyRequirement.REQUIRED,
            user_verification=structs.UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[structs.PublicKeyCredentialDescriptor(id=each.credential_id) for each in known],
    )
    return options_to_json(options)


def to_prove(site: Site, challenge: Challenge, allowed: tuple[Passkey, ...] = ()) -> str:
    """Return what `navigator.credentials.get` is asked for, as JSON (§5.5); of `allowed`, if any."""
    from webauthn import generate_authentication_options, options_to_json  # noqa: PLC0415
    from webauthn.helpers import structs  # noqa: PLC0415

    options = generate_authentication_options(
        rp_id=site.domain,
        challenge=challenge.content,
        timeout=_LIFE_MS,
        user_verification=structs.UserVerificationRequirement.REQUIRED,
        allow_credentials=[structs.PublicKeyCredentialDescriptor(id=each.credential_id) for each in allowed],
    )
    return options_to_json(options)


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """What `navigator.credentials.create` gave (§5.2.1)."""

    credential_id: bytes
    client_data: bytes
    attestation: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Assertion:
    """What `navigator.credentials.get` gave (§5.2.2)."""

    credential_id: bytes
    client_data: bytes
    authenticator_data: bytes
    signature: bytes


def passkey_of(site: Site, added: Added, challenge: Challenge, *, owner: AccountId, now: datetime) -> Passkey:
    """Return the passkey that was made, still without a name (§7.1).

    Raises:
        PasskeyRefused: it is not what was asked for.
    """
    from webauthn import verify_registration_response  # noqa: PLC0415
    from webauthn.helpers import structs  # noqa: PLC0415
    from webauthn.helpers.exceptions import WebAuthnException  # noqa: PLC0415

    credential = structs.RegistrationCredential(
        id=_text(added.credential_id),
        raw_id=added.credential_id,
        response=structs.AuthenticatorAttestationResponse(
            client_data_json=added.client_data, attestation_object=added.attestation
        ),
    )
    try:
        read = verify_registration_response(
            credential=credential,
            expected_challenge=challenge.content,
            expected_rp_id=site.domain,
            expected_origin=site.origin,
            require_user_verification=True,
        )
    except (WebAuthnException, *_MALFORMED):
        raise PasskeyRefused from None
    return Passkey(
        credential_id=read.credential_id,
        account_id=owner,
        public_key=read.credential_public_key,
        sign_count=read.sign_count,
        name="",
        synced=read.credential_device_type is structs.CredentialDeviceType.MULTI_DEVICE,
        added_at=now,
    )


def used(site: Site, assertion: Assertion, challenge: Challenge, passkey: Passkey, now: datetime) -> Passkey:
    """Return the passkey as it is after this use (§7.2).

    Raises:
        PasskeyRefused: the passkey did not sign this here and now.
        PasskeyCopied: a copy of it did before.
    """
    from webauthn import verify_authentication_response  # noqa: PLC0415
    from webauthn.helpers import structs  # noqa: PLC0415
    from webauthn.helpers.exceptions import WebAuthnException  # noqa: PLC0415

    credential = structs.AuthenticationCredential(
        id=_text(assertion.credential_id),
        raw_id=assertion.credential_id,
        response=structs.AuthenticatorAssertionResponse(
            client_data_json=assertion.client_data,
            authenticator_data=assertion.authenticator_data,
            signature=assertion.signature,
        ),
    )
    try:
        read = verify_authentication_response(
            credential=credential,
            expected_challenge=challenge.content,
            expected_rp_id=site.domain,
            expected_origin=site.origin,
            credential_public_key=passkey.public_key,
            credential_current_sign_count=0,  # compared below: it matters only of who signed rightly
            require_user_verification=True,
        )
    except (WebAuthnException, *_MALFORMED):
        raise PasskeyRefused from None
    counts = max(read.new_sign_count, passkey.sign_count) > 0
    if counts and read.new_sign_count <= passkey.sign_count:  # §6.1.1
        raise PasskeyCopied
    return replace(passkey, sign_count=read.new_sign_count, used_at=now)


_MALFORMED = (ValueError, KeyError, TypeError, IndexError, OverflowError, RecursionError, EOFError)
"""What the library lets through of bytes that are no message at all."""


def _text(credential_id: bytes) -> str:
    from webauthn.helpers import bytes_to_base64url  # noqa: PLC0415

    return bytes_to_base64url(credential_id)
