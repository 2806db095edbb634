"""What the forwarder refuses, each named after the broken rule; the control channel carries the code."""

from collections.abc import Mapping

from server.kernel.errors import N_, DomainError, Kind


class MediaError(DomainError):
    """The forwarder refuses a command."""

    code = "media-refused"
    title = N_("音视频连接没有建立")
    advice = N_("请刷新页面重新加入；如仍不行，请换用较新的浏览器。")


class UnreadableOffer(MediaError):
    """The session description breaks RFC 8866, or lacks what a WebRTC offer must have."""

    code = "unreadable-offer"


class NoCommonCodec(MediaError):
    """The offer has none of the codecs that the forwarder accepts (VP8, Opus)."""

    kind = Kind.UNSUPPORTED
    code = "no-common-codec"


class NotBundled(MediaError):
    """The offer wants more than one transport; the forwarder answers one bundle on one port."""

    kind = Kind.UNSUPPORTED
    code = "not-bundled"


class WrongDirection(MediaError):
    """A publisher must offer `sendonly` media with their sources, a subscriber `recvonly`."""

    code = "wrong-direction"


class MediumRefused(MediaError):
    """A leg was about to get a medium that it may not have: by an m-line, or by a route.

    It is what keeps audio from whoever watches for order: neither may exist.
    """

    kind = Kind.FORBIDDEN
    code = "medium-refused"
    title = N_("不能接收这种媒体")
    advice = N_("按会见规定，监看只有画面，没有声音。")


class TooManyLegs(MediaError):
    """The room, or the process, holds as many connections as it may."""

    kind = Kind.TOO_MANY
    code = "too-many-legs"
    title = N_("会见室人数已满")
    advice = N_("请等其他人离开后再加入。")


class UnreadableMessage(MediaError):
    """A message of the control channel that is none."""

    code = "unreadable-message"


class MediaUnavailable(MediaError):
    """The forwarder's process is away; it is being started again."""

    kind = Kind.UNAVAILABLE
    code = "media-unavailable"
    title = N_("音视频服务正在恢复")
    advice = N_("请稍候，页面会自动重新连接。")


ERRORS: Mapping[str, type[MediaError]] = {
    error.code: error
    for error in (
        MediaError,
        UnreadableOffer,
        NoCommonCodec,
        NotBundled,
        WrongDirection,
        MediumRefused,
        TooManyLegs,
        UnreadableMessage,
    )
}
"""By code, so that the client raises what the worker raised."""
