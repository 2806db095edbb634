"""What both directions share: sizes, the forms of fields, the base of every message."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

PROTOCOL_VERSION = 2
MAX_MESSAGE_BYTES = 64 * 1024
"""Size of the largest message in either direction; the largest that occur are session descriptions."""
MAX_PARTICIPANTS = 12
"""The most people in one meeting."""
MAX_TURN_URLS = 4
"""The most ways to the TURN server: a browser tries each for every connection."""

Id = Annotated[str, Field(pattern=r"^[0-9a-hjkmnp-tv-z]{26}$")]
RequestId = Annotated[int, Field(ge=1, le=2**31 - 1)]
Sdp = Annotated[str, Field(min_length=1, max_length=48 * 1024)]
Epoch = Annotated[int, Field(ge=1, le=2**31 - 1)]
Bytes32 = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{43}$", description="32 bytes, base64url")]
Point = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{87}$", description="65 bytes, base64url")]
TurnUrl = Annotated[str, Field(pattern=r"^turns?:[^\s]{1,255}$", description="RFC 7065")]
Sealed = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{22,400}$", description="IV and sealed key, base64url")]


class Message(BaseModel):
    """Base of every message: nothing unknown, nothing changed after it was read."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Request(Message):
    """Base of what a client sends; an answer or an error repeats its `id` as `re`."""

    id: RequestId


class CloseCode:
    """Why the server closed a connection (RFC 6455 §7.4.2: 4000–4999 are the application's)."""

    REPLACED = 4001
    """The same person connected from another page; do not reconnect."""
    NOT_PERMITTED = 4003
    """No longer allowed; do not reconnect."""
    ENDED = 4004
    """The meeting is closed, or the client left; do not reconnect."""
    SILENT = 4005
    """Did not answer a key agreement; reconnect, as a newcomer."""
    TOO_FAST = 4008
    """Too many messages; wait five seconds, then reconnect."""
    UNREADABLE = 4400
    """Not a message of this protocol, or its version is not spoken here; do not reconnect."""
