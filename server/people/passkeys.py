"""Passkeys (Web Authentication Level 3): what a browser is asked for, and what its answer is worth.

The only door to the `webauthn` library. Challenges are sealed here and opened again when they are answered,
so that nothing is stored for a stranger who only asks; that each counts once is the store's to see to.
"""

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from server.kernel.errors import N_, DomainError
from server.kernel.ids import AccountId
from server.people.model import Account, Passkey
from server.people.ports import Sealer

CHALLENGE_LIFE = timedelta(minutes=5)
_LIFE_MS = int(CHALLENGE_LIFE.total_seconds() * 1000)
_NAME = "联辩"


class PasskeyRefused(DomainError):
    """The answer of the browser is none to what it was asked, or of no passkey that is known here."""

    code = "passkey-refused"
    title = N_("通行密钥没有通过验证")
    advice = N_("请重试。若一直不行，请用密码和验证码登录，或联系本机构的安全管理员。")


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """The relying party (§4): for whom passkeys are made."""

    domain: str
    origin: str


@dataclass(frozen=True, slots=True)
class Challenge:
    """What an authenticator signs, once, to show that it is there now (§13.4.3)."""

    content: bytes
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Challenges:
    """Makes challenges, each for one purpose, and knows its own again."""

    sealer: Sealer

    def make(self, purpose: str, now: datetime) -> Challenge:
        """Return a fresh one."""
        expires_at = (now + CHALLENGE_LIFE).replace(microsecond=0)
        content = self.sealer.seal(_sealed_for(purpose), str(int(expires_at.timestamp())).encode())
        return Challenge(content, expires_at)

    def read(self, purpose: str, client_data: bytes, now: datetime) -> Challenge:
        """Return the challenge that a browser says it answered (§5.8.1).

        Raises:
            PasskeyRefused: it is none of ours for this purpose, or its time is over.
        """
        from webauthn.helpers import base64url_to_bytes  # noqa: PLC0415 - the start need not load it

        try:
            content = base64url_to_bytes(json.loads(client_data)["challenge"])
        except (ValueError, TypeError, KeyError, RecursionError):
            raise PasskeyRefused from None
        sealed = self.sealer.open(_sealed_for(purpose), content)
        expires_at = datetime.fromtimestamp(int(sealed), UTC) if sealed is not None else now
        if expires_at <= now:
            raise PasskeyRefused
        return Challenge(content, expires_at)


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
        PasskeyRefused: the passkey did not sign this here and now, or a copy of it did before.
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
            credential_current_sign_count=passkey.sign_count,
            require_user_verification=True,
        )
    except (WebAuthnException, *_MALFORMED):
        raise PasskeyRefused from None
    return replace(passkey, sign_count=read.new_sign_count, used_at=now)


_MALFORMED = (ValueError, KeyError, TypeError, IndexError, OverflowError, RecursionError, EOFError)
"""What the library lets through of bytes that are no message at all."""


def _text(credential_id: bytes) -> str:
    from webauthn.helpers import bytes_to_base64url  # noqa: PLC0415

    return bytes_to_base64url(credential_id)


def _sealed_for(purpose: str) -> str:
    return f"challenge to {purpose}"
