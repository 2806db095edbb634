"""Relays the key agreement: one round an epoch, a new epoch whenever somebody comes in or goes out."""

from typing import assert_never

from server.rooms import protocol
from server.rooms.agreement import KeyRound, StaleEpoch
from server.rooms.company import Company, Seat


class KeyRelay:
    """The current round, and the number of its epoch."""

    def __init__(self, room: Company) -> None:
        """Begin before the first epoch."""
        self.round: KeyRound | None = None
        self._room = room
        self._epoch = 0

    def begin_epoch(self) -> None:
        """Ask everyone inside to agree on new keys, if there is more than one."""
        members = {seat.id: seat.kind for seat in self._room.inside()}
        self._epoch += 1
        self.round = (
            KeyRound(epoch=self._epoch, members=members, moved_at=self._room.now)
            if len(members) > 1
            else None
        )
        if self.round is not None:
            for seat in self._room.inside():
                self._room.tell(seat, protocol.NewEpoch(agreement=self.round.as_seen_by(seat.id)))

    def take(
        self, seat: Seat, message: protocol.Commit | protocol.Reveal | protocol.Keys | protocol.Keyed
    ) -> None:
        """Take a member's message and relay what follows; raises what `KeyRound` raises."""
        keys = self.round
        if keys is None:
            raise StaleEpoch
        match message:
            case protocol.Commit():
                news = keys.commit(seat.id, message, self._room.now)
                self._room.accept(seat, message)
                if news:
                    self._relay_commitment(seat, message, keys)
            case protocol.Reveal():
                news = keys.reveal(seat.id, message, self._room.now)
                self._room.accept(seat, message)
                if news:
                    revealed = protocol.Revealed(
                        epoch=keys.epoch,
                        participant=seat.id,
                        public_key=message.public_key,
                        nonce=message.nonce,
                    )
                    self._room.tell_inside(revealed, but=seat.id)
            case protocol.Keys():
                parcels = keys.seal(seat.id, message, self._room.now)
                self._room.accept(seat, message)
                for receiver, parcel in parcels.items():
                    self._room.tell(
                        self._room.seats[receiver], protocol.KeysFrom(epoch=keys.epoch, keys=tuple(parcel))
                    )
            case protocol.Keyed():
                completed = keys.acknowledge(seat.id, message, self._room.now)
                self._room.accept(seat, message)
                if completed:
                    self._room.tell_inside(protocol.EpochComplete(epoch=keys.epoch))
            case _:
                assert_never(message)

    def _relay_commitment(self, seat: Seat, message: protocol.Commit, keys: KeyRound) -> None:
        committed = protocol.Committed(epoch=keys.epoch, participant=seat.id, commitment=message.commitment)
        self._room.tell_inside(committed, but=seat.id)
        if keys.all_committed:
            commitments = {str(who): each for who, each in keys.commitments.items()}
            self._room.tell_inside(protocol.AllCommitted(epoch=keys.epoch, commitments=commitments))

    def repeat_to(self, seat: Seat) -> None:
        """Tell a member who came back where the round stands."""
        if self.round is not None:
            self._room.tell(seat, protocol.NewEpoch(agreement=self.round.as_seen_by(seat.id)))

    def end(self) -> None:
        """Forget the round: everybody is gone."""
        self.round = None
