"""One round of key agreement between the members of an epoch, as the server sees it: relayed, never known.

Everyone commits before anyone reveals, so that nobody, the server included, can choose a key after having
seen another's: that is what makes a spoken code of 26 bits enough. See `docs/protocol.md`, "Keys".

A guard's connection gets no audio key: the only key ever relayed to an observer is the recipient's for
video. Honest clients make no other; this is the second lock on that door.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from server.kernel.errors import N_, DomainError, Kind
from server.kernel.ids import ParticipantId
from server.rooms import protocol
from server.rooms.model import AGREEMENT_TIMEOUT, MediaKind, ParticipantKind
from server.rooms.policy import ObserverWithoutAudio, media_for


class StaleEpoch(DomainError):
    """The message belongs to another epoch."""

    kind = Kind.STALE
    code = "stale-epoch"
    title = N_("参加人有变动，正在重新约定密钥")
    advice = N_("请稍候，系统会自动继续。")


class AlreadyCommitted(DomainError):
    """A member committed or revealed twice, with different content."""

    kind = Kind.CONFLICT
    code = "already-committed"
    title = N_("本轮密钥已经提交，不能更换")
    advice = N_("请离开会见室后重新进入。")


class RevealBeforeCommit(DomainError):
    """A member revealed before everybody had committed."""

    kind = Kind.CONFLICT
    code = "reveal-before-commit"
    title = N_("还有人没有提交承诺，不能先公开密钥")
    advice = N_("请稍候，系统会自动继续。")


class KeyForNobody(DomainError):
    """A key is sealed for somebody who is no other member of the epoch."""

    code = "key-for-nobody"
    title = N_("密钥的接收人不在会见室")
    advice = N_("请稍候，系统会自动继续。")


@dataclass(slots=True, kw_only=True)
class KeyRound:
    """The state of one epoch's agreement; each method takes a member's message or raises."""

    epoch: int
    members: Mapping[ParticipantId, ParticipantKind]
    moved_at: datetime
    """When a member last brought it forward."""
    commitments: dict[ParticipantId, str] = field(default_factory=dict)
    reveals: dict[ParticipantId, protocol.Revelation] = field(default_factory=dict)
    keys: dict[tuple[ParticipantId, ParticipantId, MediaKind], str] = field(default_factory=dict)
    """Sealed keys by sender, receiver and medium."""
    keyed: set[ParticipantId] = field(default_factory=set)

    @property
    def all_committed(self) -> bool:
        """Tell whether every member has committed."""
        return len(self.commitments) == len(self.members)

    @property
    def complete(self) -> bool:
        """Tell whether every member holds its keys."""
        return len(self.keyed) == len(self.members)

    def commit(self, sender: ParticipantId, message: protocol.Commit, now: datetime) -> bool:
        """Take a commitment; tell whether it is news."""
        self._check_epoch(sender, message.epoch)
        news = sender not in self.commitments
        if self.commitments.setdefault(sender, message.commitment) != message.commitment:
            raise AlreadyCommitted
        return self._moved(now, news=news)

    def reveal(self, sender: ParticipantId, message: protocol.Reveal, now: datetime) -> bool:
        """Take a revelation; tell whether it is news."""
        self._check_epoch(sender, message.epoch)
        if not self.all_committed:
            raise RevealBeforeCommit
        revelation = protocol.Revelation(public_key=message.public_key, nonce=message.nonce)
        news = sender not in self.reveals
        if self.reveals.setdefault(sender, revelation) != revelation:
            raise AlreadyCommitted
        return self._moved(now, news=news)

    def seal(
        self, sender: ParticipantId, message: protocol.Keys, now: datetime
    ) -> dict[ParticipantId, list[protocol.ReceivedKey]]:
        """Take the sender's sealed keys; return what to hand to each receiver."""
        self._check_epoch(sender, message.epoch)
        if len(self.reveals) < len(self.members):
            raise RevealBeforeCommit
        for key in message.keys:
            self._check_receiver(sender, ParticipantId(key.to), key.media)
        news = any((sender, ParticipantId(key.to), key.media) not in self.keys for key in message.keys)
        parcels: dict[ParticipantId, list[protocol.ReceivedKey]] = {}
        for key in message.keys:
            receiver = ParticipantId(key.to)
            self.keys[sender, receiver, key.media] = key.sealed
            parcel = protocol.ReceivedKey(sender=sender, media=key.media, sealed=key.sealed)
            parcels.setdefault(receiver, []).append(parcel)
        self._moved(now, news=news)
        return parcels

    def acknowledge(self, sender: ParticipantId, message: protocol.Keyed, now: datetime) -> bool:
        """Note that the sender holds its keys; tell whether that completed the epoch."""
        self._check_epoch(sender, message.epoch)
        if len(self.reveals) < len(self.members):
            raise RevealBeforeCommit
        news = sender not in self.keyed
        self.keyed.add(sender)
        self._moved(now, news=news)
        return news and self.complete

    def laggards(self, now: datetime) -> frozenset[ParticipantId]:
        """Return the members for whom the others have waited too long."""
        if self.complete or now < self.moved_at + AGREEMENT_TIMEOUT:
            return frozenset()
        if not self.all_committed:
            return frozenset(self.members) - frozenset(self.commitments)
        if len(self.reveals) < len(self.members):
            return frozenset(self.members) - frozenset(self.reveals)
        return frozenset(self.members) - self.keyed

    def as_seen_by(self, reader: ParticipantId) -> protocol.Agreement:
        """Return where the round stands, with the keys sealed for `reader`."""
        return protocol.Agreement(
            epoch=self.epoch,
            members=tuple(sorted(self.members)),
            commitments={str(who): each for who, each in self.commitments.items()},
            reveals={str(who): each for who, each in self.reveals.items()},
            keys=tuple(
                protocol.ReceivedKey(sender=sender, media=media, sealed=sealed)
                for (sender, receiver, media), sealed in self.keys.items()
                if receiver == reader
            ),
            complete=self.complete,
        )

    def _check_epoch(self, sender: ParticipantId, epoch: int) -> None:
        if epoch != self.epoch or sender not in self.members:
            raise StaleEpoch

    def _check_receiver(self, sender: ParticipantId, receiver: ParticipantId, media: MediaKind) -> None:
        if receiver == sender or receiver not in self.members:
            raise KeyForNobody
        if media not in media_for(reader=self.members[receiver], publisher=self.members[sender]):
            raise ObserverWithoutAudio

    def _moved(self, now: datetime, *, news: bool) -> bool:
        if news:
            self.moved_at = now
        return news
