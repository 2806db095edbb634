"""People whom the operator's OpenID provider knows: linked once by themselves, let in by it from then on.

Who runs or audits the installation is not let in that way. A sign-in counts as a fresh proof from the moment
at which the provider says that it was given; where it does not say, as none (OWASP ASVS 5.0, 6.8.4).
"""

import json
from dataclasses import asdict, dataclass
from datetime import timedelta
from enum import StrEnum
from typing import assert_never

from server.kernel.clock import Clock
from server.kernel.errors import N_, DomainError, Kind
from server.kernel.identity import Identity
from server.kernel.ids import AccountId, SessionId
from server.kernel.transaction import Units
from server.people.events import LinkAdded, LinkRemoved
from server.people.model import FederatedLink, Proof
from server.people.policy import KEEPERS, PROOF_LIFE, SESSION_LIFE
from server.people.ports import PeopleTx, Sealer
from server.people.provider import Asked, Provider, ProviderRefused, Vouched
from server.people.sessions import identity_of_session, open_session, renew_session_behind
from server.people.signing_in import own_account

_SEALED_FOR = "way to the provider"
TRIP = timedelta(minutes=10)
"""How long somebody may take at the provider."""


class NotLinked(DomainError):
    """The provider knows this person, and no account here is linked to them."""

    kind = Kind.FORBIDDEN
    code = "not-linked"
    title = N_("这个单位身份还没有关联账号")
    advice = N_("请先用通行密钥或密码登录，在“我的账号”里关联单位统一身份。")


class LinkTaken(DomainError):
    """Another account is linked to this person."""

    kind = Kind.CONFLICT
    code = "link-taken"
    title = N_("这个单位身份已经关联了另一个账号")
    advice = N_("请先在那个账号里取消关联。")


class NotForKeepers(DomainError):
    """Those who run or audit the installation come in by passkey."""

    kind = Kind.FORBIDDEN
    code = "not-for-keepers"
    title = N_("管理员和审计员不能用单位统一身份登录")
    advice = N_("请使用通行密钥，或密码和动态验证码。")


class Errand(StrEnum):
    """Why somebody goes to the provider."""

    SIGN_IN = "sign_in"
    LINK = "link"
    PROVE = "prove"
    """To show once more who they are, which they have to do there anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trip:
    """Somebody's way to the provider and back: kept sealed in their browser meanwhile."""

    state: str
    nonce: str
    verifier: str
    departed_s: int
    max_age_s: int
    following: str
    errand: Errand
    session_id: str
    """The session of who is signed in already; empty: to sign in."""

    @property
    def asked(self) -> Asked:
        """Return what was sent along."""
        return Asked(
            state=self.state,
            nonce=self.nonce,
            verifier=self.verifier,
            departed_s=self.departed_s,
            max_age_s=self.max_age_s,
        )


@dataclass(frozen=True, slots=True)
class Arrived:
    """Where somebody goes on after the provider, and with which session; None: the one they have."""

    following: str
    token: str | None


@dataclass(frozen=True, slots=True)
class Federation:
    """Sends people to the provider and hears them when they come back."""

    units: Units[PeopleTx]
    provider: Provider
    sealer: Sealer
    clock: Clock

    async def depart(
        self, errand: Errand, redirect_uri: str, *, following: str, session_id: SessionId | None
    ) -> tuple[str, bytes]:
        """Return where to send somebody, and what their browser keeps. Raises `ProviderAway`."""
        max_age = timedelta() if errand is Errand.PROVE else SESSION_LIFE
        asked = Asked.fresh(self.clock.now(), max_age)
        trip = Trip(**asdict(asked), following=following, errand=errand, session_id=session_id or "")
        address = await self.provider.address(asked, redirect_uri)
        return address, self.sealer.seal(_SEALED_FOR, json.dumps(asdict(trip)).encode())

    async def arrive(self, kept: bytes, state: str, code: str, redirect_uri: str) -> Arrived:
        """Let in, or link, who has come back.

        Raises:
            ProviderRefused: they did not go from this browser, took too long, or nobody vouches for them.
            NotLinked, LinkTaken, NotForKeepers, ProviderTooWeak: see there.
        """
        sealed, now = self.sealer.open(_SEALED_FOR, kept), self.clock.now()
        trip = None if sealed is None else Trip(**json.loads(sealed))
        if trip is None or trip.state != state or now.timestamp() - trip.departed_s >= TRIP.total_seconds():
            raise ProviderRefused
        vouched = await self.provider.vouch(code, trip.asked, redirect_uri, now)
        async with self.units.transaction() as tx:
            return Arrived(trip.following, await self._fulfil(trip, vouched, tx))

    async def _fulfil(self, trip: Trip, vouched: Vouched, tx: PeopleTx) -> str | None:
        """Do what they went for, and return the token of the session that they have now, if it is new."""
        errand = Errand(trip.errand)
        match errand:
            case Errand.SIGN_IN:
                return await self._let_in(vouched, tx)
            case Errand.LINK:
                await self._link(vouched.subject, SessionId(trip.session_id), tx)
                return None
            case Errand.PROVE:
                return await self._prove(vouched, SessionId(trip.session_id), tx)
            case _:
                assert_never(errand)

    async def unlink(self, identity: Identity) -> None:
        """Have the provider let nobody into one's account any more; none is well."""
        async with self.units.transaction() as tx:
            account = await own_account(identity, tx)
            if await tx.people.link_of(account.id) is not None:
                await tx.people.remove_link(account.id)
                tx.record(LinkRemoved(actor=identity.actor, account_id=account.id))

    async def _let_in(self, vouched: Vouched, tx: PeopleTx) -> str:
        link = await tx.people.link(self.provider.issuer, vouched.subject)
        account = None if link is None else await tx.people.account(link.account_id)
        if account is None or not account.active:
            raise NotLinked
        if account.role in KEEPERS:
            raise NotForKeepers
        proved_at = vouched.proved_at or self.clock.now() - PROOF_LIFE
        return await open_session(account, Proof.FEDERATED, tx, self.clock, proved_at=proved_at)

    async def _prove(self, vouched: Vouched, session_id: SessionId, tx: PeopleTx) -> str:
        """Renew the session of somebody who showed the provider anew that they are its account's person."""
        identity = await identity_of_session(session_id, tx, self.clock)
        link = await tx.people.link(self.provider.issuer, vouched.subject)
        if identity is None or link is None or link.account_id != identity.account_id:
            raise NotLinked
        if identity.role in KEEPERS:
            raise NotForKeepers
        if vouched.proved_at is None:
            raise ProviderRefused
        return await renew_session_behind(session_id, Proof.FEDERATED, identity, tx, vouched.proved_at)

    async def _link(self, subject: str, session_id: SessionId, tx: PeopleTx) -> None:
        identity = await identity_of_session(session_id, tx, self.clock)
        if identity is None or identity.account_id is None:
            raise ProviderRefused
        if identity.role in KEEPERS:
            raise NotForKeepers
        taken = await tx.people.link(self.provider.issuer, subject)
        if taken is not None and taken.account_id != identity.account_id:
            raise LinkTaken
        await tx.people.put_link(
            FederatedLink(
                account_id=AccountId(identity.account_id),
                issuer=self.provider.issuer,
                subject=subject,
                linked_at=self.clock.now(),
            )
        )
        tx.record(LinkAdded(actor=identity.actor, account_id=identity.account_id))
