"""An OpenID provider of the operator's (OpenID Connect Core 1.0): who somebody is there, by code and PKCE.

The one door to `joserfc`. Owns what is asked of the provider and what its answer is worth; leaves to
`federation` whose account that is.
"""

import asyncio
import hashlib
import json
import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Self

import aiohttp
from yarl import URL

from server.kernel.errors import N_, DomainError, Kind

_TIMEOUT = aiohttp.ClientTimeout(total=10)
_MAX_BYTES = 1 << 20
_ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA")
_LEEWAY_S = 60
_OK = 200


class ProviderRefused(DomainError):
    """The provider did not say who it is, or what it said is not to be believed."""

    code = "provider-refused"
    is_attempt = True
    title = N_("单位统一身份没有通过验证")
    advice = N_("请重新登录。若一直不行，请用通行密钥或密码登录，并告诉系统管理员。")


class ProviderAway(DomainError):
    """The provider does not answer."""

    kind = Kind.UNAVAILABLE
    code = "provider-away"
    title = N_("单位统一身份系统没有应答")
    advice = N_("请稍后再试，或用通行密钥、密码登录。")


class ProviderTooWeak(DomainError):
    """The provider has asked for less than the operator wants of it, or does not say what for."""

    kind = Kind.FORBIDDEN
    code = "provider-too-weak"
    title = N_("单位统一身份的登录方式不够强")
    advice = N_("请在那里用两种方式登录，或用通行密钥、密码和动态验证码登录。")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What was sent along with somebody to the provider, and has to fit its answer."""

    state: str
    nonce: str
    verifier: str
    """Of which the challenge was sent (RFC 7636 §4.1)."""
    departed_s: int
    """When they were sent there, as Unix time."""
    max_age_s: int
    """How long before that they may have shown the provider who they are; 0: they have to do it now."""

    @classmethod
    def fresh(cls, now: datetime, max_age: timedelta) -> Self:
        """Make one that nobody can foresee."""
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        return cls(
            state=state,
            nonce=nonce,
            verifier=verifier,
            departed_s=int(now.timestamp()),
            max_age_s=int(max_age.total_seconds()),
        )


@dataclass(frozen=True, slots=True)
class Vouched:
    """Whom the provider vouches for."""

    subject: str
    """Its own name for them, which never changes."""
    proved_at: datetime | None
    """When they showed it who they are; None if it does not say, though it was asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """The provider, as the operator has set it up."""

    issuer: str
    client_id: str
    client_secret: str
    strengths: tuple[str, ...] = ()
    """The ways to sign in there that are strong enough, as it names them (`acr`); none: any."""

    async def address(self, asked: Asked, redirect_uri: str) -> str:
        """Return where to send somebody (§3.1.2.1). Raises `ProviderAway`."""
        challenge = urlsafe_b64encode(hashlib.sha256(asked.verifier.encode()).digest()).decode().rstrip("=")
        told = await self._metadata()
        return str(
            URL(told["authorization_endpoint"]).update_query(
                response_type="code",
                scope="openid",
                client_id=self.client_id,
                redirect_uri=redirect_uri,
                state=asked.state,
                nonce=asked.nonce,
                code_challenge=challenge,
                code_challenge_method="S256",
                max_age=asked.max_age_s,
                **({"prompt": "login"} if asked.max_age_s == 0 else {}),
                **({"acr_values": " ".join(self.strengths)} if self.strengths else {}),
            )
        )

    async def vouch(self, code: str, asked: Asked, redirect_uri: str, now: datetime) -> Vouched:
        """Return who came back with `code`.

        Raises:
            ProviderRefused: the answer is not the provider's, not for us, or not to what was asked.
            ProviderTooWeak: they showed it less than the operator wants.
            ProviderAway: it does not answer.
        """
        told = await self._metadata()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": asked.verifier,
        }
        headers = {"Authorization": aiohttp.encode_basic_auth(self.client_id, self.client_secret)}
        answered = await _json("POST", told["token_endpoint"], data=form, headers=headers)
        keys = await _json("GET", told["jwks_uri"])
        return await asyncio.to_thread(self._vouched, answered, keys, asked, now)

    def _vouched(self, answered: Any, keys: Any, asked: Asked, now: datetime) -> Vouched:  # noqa: ANN401 - JSON
        """Verify the ID token (§3.1.3.7)."""
        from joserfc import errors, jwt  # noqa: PLC0415 - the start need not load it
        from joserfc.jwk import KeySet  # noqa: PLC0415

        registry = jwt.JWTClaimsRegistry(
            now=int(now.timestamp()),
            leeway=_LEEWAY_S,
            iss={"essential": True, "value": self.issuer},
            aud={"essential": True, "value": self.client_id},
            sub={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True, "value": asked.nonce},
        )
        try:
            token = jwt.decode(answered["id_token"], KeySet.import_key_set(keys), algorithms=_ALGORITHMS)
            registry.validate(token.claims)
            subject = token.claims["sub"]
        except (errors.JoseError, ValueError, TypeError, KeyError):
            raise ProviderRefused from None
        if (
            not isinstance(subject, str)
            or not subject
            or token.claims.get("azp", self.client_id) != self.client_id
        ):
            raise ProviderRefused
        if self.strengths and token.claims.get("acr") not in self.strengths:
            raise ProviderTooWeak
        return Vouched(subject, _proved_at(token.claims.get("auth_time"), asked, now))

    async def _metadata(self) -> dict[str, str]:
        """Ask the provider where its parts are (OpenID Connect Discovery 1.0 §4)."""
        told = await _json("GET", f"{self.issuer.rstrip('/')}/.well-known/openid-configuration")
        needed = ("issuer", "authorization_endpoint", "token_endpoint", "jwks_uri")
        if not isinstance(told, dict) or not all(isinstance(told.get(name), str) for name in needed):
            raise ProviderRefused
        if told["issuer"] != self.issuer:
            raise ProviderRefused
        return told


def _proved_at(told: object, asked: Asked, now: datetime) -> datetime | None:
    """Read `auth_time` (§2). Raises `ProviderRefused` if that was earlier than was asked (§3.1.2.1)."""
    if told is None:
        return None
    if isinstance(told, bool) or not isinstance(told, int | float):
        raise ProviderRefused
    if not asked.departed_s - asked.max_age_s - _LEEWAY_S <= told <= now.timestamp() + _LEEWAY_S:
        raise ProviderRefused
    return min(datetime.fromtimestamp(told, UTC), now)


async def _whole(answer: aiohttp.ClientResponse) -> bytes:
    """Read to the end, however many pieces it comes in; raises `ProviderRefused` beyond the bound."""
    content = bytearray()
    async for piece in answer.content.iter_any():
        content += piece
        if len(content) > _MAX_BYTES:
            raise ProviderRefused
    return bytes(content)


async def _json(method: str, url: str, **options: Any) -> Any:  # noqa: ANN401 - JSON
    """Ask for JSON, of a bounded size and without following redirects."""
    try:
        async with (
            aiohttp.ClientSession(timeout=_TIMEOUT) as session,
            session.request(method, url, allow_redirects=False, **options) as answer,
        ):
            if answer.status != _OK:
                raise ProviderRefused
            content = await _whole(answer)
    except (aiohttp.ClientError, TimeoutError, OSError):
        raise ProviderAway from None
    try:
        return json.loads(content)
    except ValueError:
        raise ProviderRefused from None
