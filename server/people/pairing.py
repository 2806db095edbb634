"""Terminals: which a facility has, and which device each of them is."""

import secrets
from dataclasses import dataclass, replace
from datetime import datetime

from server.kernel.clock import Clock
from server.kernel.errors import N_, DomainError, Kind, NotFound
from server.kernel.identity import Identity
from server.kernel.ids import OrganisationId, TerminalId
from server.kernel.permissions import Action, Relation, require
from server.kernel.transaction import Units
from server.people.challenges import Challenges, spend
from server.people.device_keys import has_signed, is_key
from server.people.events import PairingCodeIssued, TerminalPaired, TerminalReturned, TerminalUnpaired
from server.people.model import PairingCode, Terminal, TerminalDevice
from server.people.policy import PAIRING_CODE_DIGITS, PAIRING_CODE_LIFE, relation_to_terminal
from server.people.ports import PeopleTx
from server.people.sessions import hash_of, open_terminal_session, renew_terminal_session

_PROVE = "terminal"


class WrongPairingCode(DomainError):
    """The pairing code is unknown, used or expired."""

    code = "wrong-pairing-code"
    is_attempt = True
    title = N_("配对码不对或已失效")
    advice = N_("请在值班台重新生成配对码，10 分钟内输入。")


class NoDeviceKey(DomainError):
    """The browser sent no key, so that the pairing could not be bound to its device."""

    code = "no-device-key"
    title = N_("这台设备不能作为终端")
    advice = N_("请用 HTTPS 网址打开配对页，并使用 Chromium 86 或更新的浏览器，不要用无痕窗口。")


class UnknownDevice(DomainError):
    """No terminal has this device's key."""

    kind = Kind.FORBIDDEN
    code = "unknown-device"
    is_attempt = True
    title = N_("这台设备没有配对")
    advice = N_("请在值班台生成配对码，在这里输入。")


async def terminals(identity: Identity, tx: PeopleTx) -> tuple[Terminal, ...]:
    """Return the terminals of the officer's own facility."""
    require(identity.role, Action.LIST_TERMINALS, Relation.NO_RECORD)
    facility_id = identity.organisation_id
    return () if facility_id is None else await tx.people.terminals_of(OrganisationId(facility_id))


async def devices(identity: Identity, tx: PeopleTx) -> dict[TerminalId, datetime]:
    """Return when each of those terminals' devices last showed that it holds its key."""
    require(identity.role, Action.LIST_TERMINALS, Relation.NO_RECORD)
    facility_id = identity.organisation_id
    found = () if facility_id is None else await tx.people.devices_of(facility_id)
    return {each.terminal_id: each.seen_at for each in found}


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


async def unpair(terminal_id: TerminalId, identity: Identity, tx: PeopleTx) -> None:
    """End the pairing; the device shows the pairing page and its sockets close within a second."""
    terminal = await _find_terminal(terminal_id, identity, tx)
    await _part(terminal, identity.actor, tx)


async def _find_terminal(terminal_id: TerminalId, identity: Identity, tx: PeopleTx) -> Terminal:
    terminal = await tx.people.terminal(terminal_id)
    if terminal is None:
        raise NotFound
    require(identity.role, Action.MANAGE_TERMINAL, relation_to_terminal(identity, terminal))
    return terminal


async def _part(terminal: Terminal, actor: str, tx: PeopleTx) -> None:
    await tx.people.end_sessions_of_terminal(terminal.id)
    await tx.people.remove_device(terminal.id)
    await tx.people.set_paired(terminal.id, None)
    tx.record(TerminalUnpaired(actor=actor, terminal_id=terminal.id, facility_id=terminal.facility_id))


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A challenge, signed by a device."""

    public_key: bytes
    challenge: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class TerminalDoor:
    """Knows terminals by the keys in their devices."""

    units: Units[PeopleTx]
    challenges: Challenges
    clock: Clock

    async def pair(self, code: str, public_key: bytes) -> str:
        """Make the device that knows `code` and holds the key the terminal; return its session's token.

        Whatever device was that terminal, and whatever terminal this device was, are so no longer.

        Raises:
            WrongPairingCode: unknown, used or expired.
            NoDeviceKey: it is no key.
        """
        if not is_key(public_key):
            raise NoDeviceKey
        typed = "".join(code.split())
        async with self.units.transaction() as tx:
            now = self.clock.now()
            found = await tx.people.take_pairing_code(hash_of(typed))
            terminal = (
                await tx.people.terminal(found.terminal_id) if found and found.expires_at > now else None
            )
            if terminal is not None:
                return await self._pair(terminal, public_key, tx)
        raise WrongPairingCode

    async def _pair(self, terminal: Terminal, public_key: bytes, tx: PeopleTx) -> str:
        now, actor = self.clock.now(), terminal.identity.actor
        former = await tx.people.device(public_key)
        if former is not None and former.terminal_id != terminal.id:
            other = await tx.people.terminal(former.terminal_id)
            if other is not None:
                await _part(other, actor, tx)
        await tx.people.end_sessions_of_terminal(terminal.id)
        await tx.people.put_device(
            TerminalDevice(terminal_id=terminal.id, public_key=public_key, seen_at=now)
        )
        await tx.people.set_paired(terminal.id, now)
        tx.record(TerminalPaired(actor=actor, terminal_id=terminal.id, facility_id=terminal.facility_id))
        return await open_terminal_session(terminal, tx, now)

    def ask(self) -> bytes:
        """Return a challenge for a device's key to sign."""
        return self.challenges.make(_PROVE, self.clock.now()).content

    async def prove(self, answer: Answer, token: str | None) -> str:
        """Return the token of the device's session, which goes on for `TERMINAL_LIFE`, or begins anew.

        Raises:
            UnknownDevice: no terminal has the key, or it did not sign this challenge now.
        """
        now = self.clock.now()
        challenge = self.challenges.read(_PROVE, answer.challenge, now)
        if challenge is None or not has_signed(answer.public_key, answer.challenge, answer.signature):
            raise UnknownDevice
        async with self.units.transaction() as tx:
            device = await tx.people.device(answer.public_key)
            terminal = None if device is None else await tx.people.terminal(device.terminal_id)
            if device is None or terminal is None or not await spend(challenge, tx, now):
                raise UnknownDevice
            await tx.people.put_device(replace(device, seen_at=now))
            renewed = None if token is None else await renew_terminal_session(token, terminal, tx, now)
            if renewed is not None:
                return renewed
            await tx.people.end_sessions_of_terminal(terminal.id)
            actor = terminal.identity.actor
            tx.record(
                TerminalReturned(actor=actor, terminal_id=terminal.id, facility_id=terminal.facility_id)
            )
            return await open_terminal_session(terminal, tx, now)
