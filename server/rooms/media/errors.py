"""What the forwarder refuses, each named after the broken rule; the control channel carries the code."""

from collections.abc import Mapping
from typing import ClassVar


class MediaError(Exception):
    """A command that the forwarder refuses."""

    code: ClassVar[str] = "media-error"


class UnreadableOffer(MediaError):
    """The session description breaks RFC 8866, or lacks what a WebRTC offer must have."""

    code = "unreadable-offer"


class NoCommonCodec(MediaError):
    """The offer has none of the codecs that the forwarder accepts (VP8, Opus)."""

    code = "no-common-codec"


class NotBundled(MediaError):
    """The offer wants more than one transport; the forwarder answers one bundle on one port."""

    code = "not-bundled"


class WrongDirection(MediaError):
    """A publisher must offer `sendonly` media, a subscriber `recvonly`."""

    code = "wrong-direction"


class AudioRefused(MediaError):
    """A silent watcher was about to get audio: an m-line, or a route. Neither may exist."""

    code = "audio-refused"


class NoSuchRoom(MediaError):
    """The room is not open here, or not any more."""

    code = "no-such-room"


class RoomAlreadyOpen(MediaError):
    """The room is open, perhaps for somebody else's connection."""

    code = "room-already-open"


class TooManyLegs(MediaError):
    """The room holds as many legs as it may."""

    code = "too-many-legs"


class UnreadableMessage(MediaError):
    """A message of the control channel that is none."""

    code = "unreadable-message"


ERRORS: Mapping[str, type[MediaError]] = {
    error.code: error
    for error in (
        UnreadableOffer,
        NoCommonCodec,
        NotBundled,
        WrongDirection,
        AudioRefused,
        NoSuchRoom,
        RoomAlreadyOpen,
        TooManyLegs,
        UnreadableMessage,
    )
}
"""By code, so that the client raises what the worker raised."""
