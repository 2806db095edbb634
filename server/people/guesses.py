"""Wrong guesses at a secret: counted, and from the sixth in a row answered only after a wait."""

import math
from datetime import datetime

from server.kernel.clock import Clock
from server.kernel.errors import N_, DomainError, Kind
from server.people.model import Attempts
from server.people.policy import after_failure
from server.people.ports import PeopleTx


class TooManyAttempts(DomainError):
    """Too many wrong guesses in a row."""

    kind = Kind.TOO_MANY
    code = "too-many-attempts"
    title = N_("输错次数过多，请稍后再试")
    advice = N_("请等 {seconds} 秒后再输入。")


def check_wait(attempts: Attempts, now: datetime) -> None:
    """Pass if a further guess may be heard; raises `TooManyAttempts`."""
    if attempts.blocked_until is not None and attempts.blocked_until > now:
        raise TooManyAttempts(seconds=math.ceil((attempts.blocked_until - now).total_seconds()))


async def note_failure(subject: str, tx: PeopleTx, clock: Clock) -> None:
    """Count one more wrong guess at the secret of `subject`."""
    await tx.people.put_attempts(after_failure(await tx.people.attempts(subject), clock.now()))


async def forgive(subject: str, tx: PeopleTx) -> None:
    """Count anew: the right secret was given."""
    await tx.people.put_attempts(Attempts(subject=subject, failures=0, blocked_until=None))
