"""Terminals: which a facility has, and which device each of them is."""

import secrets
from datetime import datetime

from server.kernel.clock import Clock
from server.kernel.errors import N_, DomainError, NotFound
from server.kernel.identity import Identity
from server.kernel.ids import OrganisationId, TerminalId
from server.kernel.permissions import Action, Relation, require
from server.kernel.transaction import Units
from server.people.model import PairingCode, PairingCodeIssued, Terminal, TerminalPaired, TerminalUnpaired
from server.people.policy import PAIRING_CODE_DIGITS, PAIRING_CODE_LIFE, relation_to_terminal
from server.people.ports import PeopleTx
from server.people.sessions import hash_of, open_terminal_session


class WrongPairingCode(DomainError):
    """The pairing code is unknown, used or expired."""

    code = "wrong-pairing-code"
    title = N_("配对码不对或已失效")
    advice = N_("请在值班台重新生成配对码，10 分钟内输入。")


async def terminals(identity: Identity, tx: PeopleTx) -> tuple[Terminal, ...]:
    """Return the terminals of the officer's own facility."""
    require(identity.role, Action.LIST_TERMINALS, Relation.NO_RECORD)
    facility_id = identity.organisation_id
    return () if facility_id is None else await tx.people.terminals_of(OrganisationId(facility_id))


async def issue_pairing_code(terminal_id: TerminalId, identity: Identity, tx: PeopleTx, clock: Clock) -> str:
    """Return a fresh code that pairs a device with the terminal, once, within `PAIRING_CODE_LIFE`."""
    terminal = await _find_terminal(terminal_id, identity, tx)
    code = "".join(secrets.choice("0123456789") for _ in range(PAIRING_CODE_DIGITS))
    expires_at = clock.now() + PAIRING_CODE_LIFE
    await tx.people.put_pairing_code(
        PairingCode(terminal_id=terminal.id, code_hash=hash_of(code), expires_at=expires_at)
    )
    tx.record(
        PairingCodeIssued(actor=identity.actor, terminal_id=terminal.id, facility_id=terminal.facility_id)
    )
    return code


async def pair(code: str, units: Units[PeopleTx], clock: Clock) -> str:
    """Turn the browser that knows `code` into the terminal, in place of any device before; return its token.

    Raises:
        WrongPairingCode: unknown, used or expired.
    """
    typed = "".join(code.split())
    async with units.transaction() as tx:
        now = clock.now()
        found = await tx.people.take_pairing_code(hash_of(typed))
        terminal = await tx.people.terminal(found.terminal_id) if found and found.expires_at > now else None
        if terminal is not None:
            return await _pair_terminal(terminal, tx, now)
    raise WrongPairingCode


async def unpair(terminal_id: TerminalId, identity: Identity, tx: PeopleTx) -> None:
    """End the pairing; the device shows the pairing page and its sockets close within a second."""
    terminal = await _find_terminal(terminal_id, identity, tx)
    await tx.people.end_sessions_of_terminal(terminal.id)
    await tx.people.set_paired(terminal.id, None)
    tx.record(
        TerminalUnpaired(actor=identity.actor, terminal_id=terminal.id, facility_id=terminal.facility_id)
    )


async def _pair_terminal(terminal: Terminal, tx: PeopleTx, now: datetime) -> str:
    await tx.people.end_sessions_of_terminal(terminal.id)
    await tx.people.set_paired(terminal.id, now)
    actor = terminal.identity.actor
    tx.record(TerminalPaired(actor=actor, terminal_id=terminal.id, facility_id=terminal.facility_id))
    return await open_terminal_session(terminal, tx, now)


async def _find_terminal(terminal_id: TerminalId, identity: Identity, tx: PeopleTx) -> Terminal:
    terminal = await tx.people.terminal(terminal_id)
    if terminal is None:
        raise NotFound
    require(identity.role, Action.MANAGE_TERMINAL, relation_to_terminal(identity, terminal))
    return terminal
