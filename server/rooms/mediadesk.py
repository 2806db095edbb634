"""Who sends and receives what in a live meeting: requests about media become effects for the media plane."""

from typing import assert_never

from server.kernel.ids import ParticipantId
from server.rooms import protocol
from server.rooms.company import Company, Seat
from server.rooms.events import CutMedia, Forwarding, StartPublishing, StartReceiving, StopReceiving
from server.rooms.model import ParticipantKind
from server.rooms.policy import NobodyThere, ObserverWithoutAudio, media_for


class MediaDesk:
    """Takes requests about media."""

    def __init__(self, room: Company) -> None:
        """Work on the meeting's seats."""
        self._room = room

    def take(
        self,
        seat: Seat,
        message: protocol.Publish | protocol.Subscribe | protocol.Unsubscribe | protocol.Mute,
    ) -> None:
        """Do what a client asks about its media.

        Raises:
            NobodyThere: the one to be received sends nothing to the reader.
            ObserverWithoutAudio: an observer asks for more than the picture.
        """
        connection = seat.connection
        if connection is None:
            return
        match message:
            case protocol.Publish():
                effect = StartPublishing(
                    participant_id=seat.id, connection=connection, re=message.id, sdp=message.sdp
                )
                self._room.do(effect)
            case protocol.Subscribe():
                self._room.do(self._start_receiving(seat, connection, message))
            case protocol.Unsubscribe():
                self._room.accept(seat, message)
                self._room.do(StopReceiving(seat.id, ParticipantId(message.publisher)))
            case protocol.Mute():
                self._room.accept(seat, message)
                self._room.update(
                    seat.changed(audio_muted=message.audio_muted, video_muted=message.video_muted)
                )
                self._room.tell_roster()
            case _:
                assert_never(message)

    def _start_receiving(self, seat: Seat, connection: int, message: protocol.Subscribe) -> StartReceiving:
        publisher = self._room.seats.get(ParticipantId(message.publisher))
        if publisher is None or publisher.id == seat.id or not publisher.is_inside:
            raise NobodyThere
        media = media_for(reader=seat.kind, publisher=publisher.kind) & publisher.publishing
        if seat.kind is ParticipantKind.OBSERVER and (not media or "\nm=audio" in message.sdp):
            raise ObserverWithoutAudio
        if not media:
            raise NobodyThere
        return StartReceiving(
            participant_id=seat.id,
            connection=connection,
            re=message.id,
            publisher=publisher.id,
            sdp=message.sdp,
            media=media,
        )

    def show(self, event: Forwarding) -> None:
        """Tell that a participant's media arrive, or cut them if its place is gone by now."""
        seat = self._room.seats[event.participant_id]
        if seat.is_inside:
            self._room.update(seat.changed(publishing=event.media))
            self._room.tell_roster()
        else:
            self._room.do(CutMedia(seat.id))  # gone while the media plane was busy with the offer

    def lose(self, participant_id: ParticipantId | None) -> None:
        """Tell that a participant sends nothing more; None: nobody does."""
        for seat in self._room.inside():
            if seat.publishing and participant_id in (None, seat.id):
                self._room.update(seat.changed(publishing=frozenset()))
        self._room.tell_roster()
