"""Passes to the TURN server, which relays media for networks that let nothing reach the media port.

TURN server and product share a secret. A pass says until when it holds and is signed with that secret, so
nothing is stored, asked or taken back (draft-uberti-behave-turn-rest-00 §2.2; coturn's `use-auth-secret`).
"""

import base64
import hmac
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from server.kernel.ids import MeetingId, ParticipantId
from server.rooms.protocol import IceServer

CLOCKS_DIFFER_BY = timedelta(minutes=1)
"""By how much the TURN server's clock may be ahead without ending a pass before its meeting ends."""
_OPAQUE_DIGITS = 24


@dataclass(frozen=True, slots=True)
class TurnServer:
    """The operator's TURN server."""

    urls: tuple[str, ...]
    """The ways to it, as browsers take them (RFC 7065)."""
    secret: str = field(repr=False)
    """What it and this product alone know."""

    def pass_for(
        self, participant_id: ParticipantId, *, meeting_id: MeetingId, ends_at: datetime
    ) -> IceServer:
        """Return one participant's pass to the relay until the meeting ends.

        What follows the time in its name is the same for a participant's whole meeting, since the TURN server
        counts what each may take by it, and tells nobody who that is.
        """
        until = int((ends_at + CLOCKS_DIFFER_BY).timestamp())
        who = self._sign(f"{meeting_id}/{participant_id}", "sha256").hex()[:_OPAQUE_DIGITS]
        username = f"{until}:{who}"
        credential = base64.b64encode(self._sign(username, "sha1")).decode()
        return IceServer(urls=self.urls, username=username, credential=credential)

    def _sign(self, text: str, digest: str) -> bytes:
        return hmac.digest(self.secret.encode(), text.encode(), digest)
