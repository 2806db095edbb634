"""Challenges: what a device signs, once, to show that it is there now (docs/adr/0014)."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from server.people.ports import PeopleTx, Sealer
from server.people.sessions import hash_of

CHALLENGE_LIFE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Challenge:
    """Bytes that nobody else can make or foresee, and until when their signature counts."""

    content: bytes
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Challenges:
    """Makes challenges, each for one purpose, and knows its own again: nothing is stored of what is asked."""

    sealer: Sealer

    def make(self, purpose: str, now: datetime) -> Challenge:
        """Return a fresh one."""
        expires_at = (now + CHALLENGE_LIFE).replace(microsecond=0)
        content = self.sealer.seal(_sealed_for(purpose), str(int(expires_at.timestamp())).encode())
        return Challenge(content, expires_at)

    def read(self, purpose: str, content: bytes, now: datetime) -> Challenge | None:
        """Return the challenge that somebody answered; None if it is none of ours or its time is over."""
        sealed = self.sealer.open(_sealed_for(purpose), content)
        if sealed is None:
            return None
        expires_at = datetime.fromtimestamp(int(sealed), UTC)
        return Challenge(content, expires_at) if expires_at > now else None


async def spend(challenge: Challenge, tx: PeopleTx, now: datetime) -> bool:
    """Note that the challenge was answered; False if it had been already."""
    answered = hash_of(challenge.content.hex())
    return await tx.people.spend_challenge(answered, expires_at=challenge.expires_at, now=now)


def _sealed_for(purpose: str) -> str:
    return f"challenge to {purpose}"
