"""Rules of people: how an identity stands to a terminal, how long sessions and codes live, who must wait."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta

from server.kernel.errors import NotFound
from server.kernel.identity import Identity, Role
from server.kernel.ids import AccountId
from server.kernel.permissions import Relation
from server.people.model import Account, Attempts, OrganisationKind, Passkey, Proof, Recovery, Terminal

SESSION_LIFE = timedelta(hours=12)
"""A working day. NIST SP 800-63B-4 asks for an end within 24 hours at AAL2 (§2.2.3), 12 at AAL3 (§2.3.3)."""
IDLE_LIFE = timedelta(minutes=15)
"""How long those who run or audit the installation stay signed in without doing anything (§2.3.3)."""
EXTENDED_BY = timedelta(minutes=1)
"""A session in use is extended in steps no smaller, so that not each request writes."""
NOTED_AFTER = timedelta(minutes=10)
"""How much later a session has to be used to have that written down for its person to see."""
KEEPERS = frozenset({Role.AUDITOR, Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN})
"""Those who run or audit the installation: no person is two of them, and AAL3 is asked of them."""
INITIAL_LIFE = timedelta(hours=72)
"""How long a password that somebody else gave opens the way to one of one's own (OWASP ASVS 5.0, 6.4.1)."""
RECOVERY_LIFE = timedelta(days=7)
"""How long a recovery waits to be approved: what was made sure of before that need not be true any more."""
PROOF_LIFE = timedelta(minutes=10)
"""How long after showing who one is a change of permissions or a release of documents is let through."""
TERMINAL_LIFE = timedelta(hours=1)
"""How long a terminal's session outlives the last proof that its device holds the key; pages prove it every
ten minutes, so that a cookie that was copied off the device is worth little, and not for long."""
PAIRING_CODE_LIFE = timedelta(minutes=10)
PAIRING_CODE_DIGITS = 12
"""So many that guessing is hopeless without counting failures, which would let one device's mistakes keep
others out: ten thousand guesses a second, as long as a code lives, find it once in 160,000 times."""

_FREE_FAILURES = 5
_FIRST_WAIT = timedelta(seconds=15)
_LONGEST_WAIT = timedelta(minutes=15)


def relation_to_terminal(identity: Identity, terminal: Terminal) -> Relation:
    """Return how an identity stands to a terminal: it is its facility's."""
    own = identity.role is Role.FACILITY_OFFICER and identity.organisation_id == terminal.facility_id
    return Relation.OWN if own else Relation.UNRELATED


def leading_people(accounts: Iterable[Account]) -> tuple[Account, ...]:
    """Return the first person of each role, of the lawyers two, because two of them share a case."""
    places: Counter[Role] = Counter()
    leading: list[Account] = []
    for account in accounts:
        places[account.role] += 1
        if places[account.role] <= (2 if account.role is Role.LAWYER else 1):
            leading.append(account)
    return tuple(leading)


def session_end(role: Role, *, created_at: datetime, used_at: datetime) -> datetime:
    """Return when a session ends that was last used at `used_at`."""
    end = created_at + SESSION_LIFE
    return min(end, used_at + IDLE_LIFE) if role in KEEPERS else end


def is_fresh(proof: Proof, *, proved_at: datetime, now: datetime) -> bool:
    """Tell whether a session's proof is recent; the demo's people have nothing to prove it with."""
    return proof is Proof.SEEDED or now - proved_at < PROOF_LIFE


def password_opens(role: Role, *, has_code: bool, passkeys: tuple[Passkey, ...], is_linked: bool) -> bool:
    """Tell whether the password is heard at all, given what else the account has.

    Without anything else it opens the way to set something up. Beside passkeys, or where an OpenID provider
    lets the person in, it needs a code; and who runs or audits the installation and has a passkey, uses that:
    a code can be asked for by a false page.
    """
    if not passkeys:
        return has_code or not is_linked
    return has_code and role not in KEEPERS


def reset_is_harmless(role: Role, *, has_own: bool, is_linked: bool) -> bool:
    """Tell whether who resets the password of an account is not let in by it, given how else it is proved.

    With authenticators of the person's own the password alone opens nothing. Without any it would let whoever
    knows it set one up: that is how people begin, but not where an OpenID provider lets the person in
    already, nor with an account that could approve what another keeper of accounts asks for.
    """
    return has_own or not (is_linked or role is Role.SECURITY_ADMIN)


def stands(recovery: Recovery, asker: Account | None, now: datetime) -> bool:
    """Tell whether a recovery may be approved still: it is not old, and who asked keeps accounts still."""
    if asker is None or not asker.active or asker.role is not Role.SECURITY_ADMIN:
        return False
    return now - recovery.asked_at < RECOVERY_LIFE


def relation_to_account(identity: Identity) -> Relation:
    """Return how an identity stands to accounts: they are the security administrator's to keep."""
    return Relation.OWN if identity.role is Role.SECURITY_ADMIN else Relation.UNRELATED


def needed_organisation(role: Role) -> frozenset[OrganisationKind] | None:
    """Return the kinds of organisation for which `role` can be exercised; None if it needs none."""
    return _ORGANISATION_OF.get(role)


AGENCIES = frozenset({OrganisationKind.POLICE, OrganisationKind.PROCURATORATE, OrganisationKind.COURT})
_ORGANISATION_OF = {
    Role.LAWYER: frozenset({OrganisationKind.LEGAL_AID_INSTITUTION, OrganisationKind.LAW_FIRM}),
    Role.LEGAL_AID_OFFICER: frozenset({OrganisationKind.LEGAL_AID_INSTITUTION}),
    Role.COORDINATOR: frozenset({OrganisationKind.COOPERATION_AREA}),
    Role.FACILITY_OFFICER: frozenset({OrganisationKind.DETENTION_FACILITY}),
    Role.AGENCY_OFFICER: AGENCIES,
    Role.JUDGE: frozenset({OrganisationKind.COURT}),
    Role.CLERK: frozenset({OrganisationKind.COURT}),
    Role.PROSECUTOR: frozenset({OrganisationKind.PROCURATORATE}),
}


def after_failure(attempts: Attempts, now: datetime) -> Attempts:
    """Count one more wrong guess; from the sixth in a row each doubles the wait, up to a quarter of an hour.

    The wait ends by itself: a stranger who knows a login name can slow its owner down, not lock them out.
    """
    failures = attempts.failures + 1
    beyond = failures - _FREE_FAILURES
    wait = min(_FIRST_WAIT * 2 ** min(beyond - 1, 10), _LONGEST_WAIT) if beyond > 0 else None
    return Attempts(
        subject=attempts.subject, failures=failures, blocked_until=None if wait is None else now + wait
    )


def account_of(identity: Identity) -> AccountId:
    """Return whose account acts; raises `NotFound` for one that has none."""
    if identity.account_id is None:
        raise NotFound
    return identity.account_id
