"""The lawyer's pages of a meeting: the way in and the room; and taking a booking back."""

from aiohttp import web

from server.http.identity import identity_of
from server.http.pages import Pages, see_other
from server.http.parsing import Input, parse_form
from server.http.routing import Route
from server.kernel.clock import Clock
from server.kernel.errors import N_, DomainError
from server.kernel.identity import Identity
from server.kernel.ids import BookingId, MeetingId
from server.kernel.permissions import Action
from server.kernel.transaction import Units
from server.rooms.hub import Hub
from server.rooms.model import Meeting, Participant, ParticipantKind, ParticipantStatus
from server.rooms.policy import check_joinable
from server.rooms.ports import RoomsTx
from server.rooms.service import cancel_meeting, find_meeting
from server.scheduling.model import ReasonCode
from server.scheduling.service.records import find_booking

_PARTS = {
    ParticipantKind.LAWYER: N_("律师"),
    ParticipantKind.RECIPIENT: N_("受援人"),
    ParticipantKind.INTERPRETER: N_("翻译人员"),
    ParticipantKind.APPROPRIATE_ADULT: N_("合适成年人"),
    ParticipantKind.OBSERVER: N_("看守所值班民警"),
}
_STATES = {
    ParticipantStatus.EXPECTED: ("wait", N_("还没有到"), N_("等对方进入")),
    ParticipantStatus.TESTING: ("wait", N_("正在检测设备"), N_("等对方检测完")),
    ParticipantStatus.WAITING: ("wait", N_("在等候室"), N_("律师：进入后请对方进来")),
    ParticipantStatus.ADMITTED: ("ok", N_("在会见室"), N_("无需处理")),
    ParticipantStatus.DISCONNECTED: ("no", N_("断线，正在重连"), N_("系统：自动重连")),
    ParticipantStatus.LEFT: ("wait", N_("已离开"), N_("等对方再次进入")),
}


class CancelForm(Input):
    """Why the booking is taken back."""

    reason: ReasonCode


class MeetingHandlers:
    """Serves the pages of a meeting."""

    def __init__(self, *, units: Units[RoomsTx], clock: Clock, pages: Pages, hub: Hub) -> None:
        """Keep what the pages need."""
        self._units = units
        self._clock = clock
        self._pages = pages
        self._hub = hub

    def routes(self) -> tuple[Route, ...]:
        """Return the routes."""
        return (
            Route("GET", "/meetings/{meeting_id}", self.prepare, Action.JOIN_MEETING),
            Route("GET", "/meetings/{meeting_id}/room", self.enter, Action.JOIN_MEETING),
            Route("POST", "/bookings/{booking_id}/cancel", self.cancel, Action.CANCEL_BOOKING),
        )

    async def may_watch(self, identity: Identity, record_id: str) -> bool:
        """Tell whether an open page of this identity may hear that something happened to the meeting."""
        try:
            async with self._units.reading() as tx:
                await find_meeting(MeetingId(record_id), identity, Action.JOIN_MEETING, tx)
        except DomainError:
            return False
        return True

    async def prepare(self, request: web.Request) -> web.Response:
        """Show the way in: devices, who is there, the rules and the declaration."""
        meeting_id = MeetingId(request.match_info["meeting_id"])
        async with self._units.reading() as tx:
            meeting = await find_meeting(meeting_id, identity_of(request), Action.JOIN_MEETING, tx)
            case = await tx.cases.case(meeting.case_id)
            shown = await meeting_shown(meeting, tx)
            places = await tx.rooms.participants_of(meeting_id)
        joinable = meeting.is_joinable(self._clock.now())
        return self._pages.render(
            request,
            "rooms/prejoin.html",
            meeting=shown | {"opens_at": meeting.join_opens_at, "joinable": joinable},
            people=self._people(meeting, places),
            enter=f"/meetings/{meeting.id}/room",
            case={
                "id": meeting.case_id,
                "recipient": meeting.recipient_name,
                "offence": "" if case is None else case.offence,
            },
        )

    async def enter(self, request: web.Request) -> web.Response:
        """Show the room; without the declaration, the way to it."""
        meeting_id = MeetingId(request.match_info["meeting_id"])
        async with self._units.reading() as tx:
            meeting = await find_meeting(meeting_id, identity_of(request), Action.JOIN_MEETING, tx)
            shown = await meeting_shown(meeting, tx)
        if not {"alone", "quiet"} <= set(request.query):
            return see_other(f"/meetings/{meeting.id}")
        check_joinable(meeting, self._clock.now())
        return self._pages.render(request, "rooms/room.html", meeting=shown, leave=f"/meetings/{meeting.id}")

    async def cancel(self, request: web.Request) -> web.Response:
        """Take the booking back; a meeting that was opened for it closes."""
        booking_id, identity = BookingId(request.match_info["booking_id"]), identity_of(request)
        async with self._units.reading() as tx:
            await find_booking(booking_id, identity, Action.CANCEL_BOOKING, tx)
        form = await parse_form(request, CancelForm)
        async with self._units.transaction() as tx:
            await cancel_meeting(booking_id, form.reason, identity, tx, self._clock)
        return see_other("/meetings")

    def _people(self, meeting: Meeting, places: tuple[Participant, ...]) -> list[dict[str, str]]:
        statuses = self._hub.statuses(meeting.id)
        people = []
        for place in places:
            if place.kind is ParticipantKind.OBSERVER and statuses.get(place.id) is not _ADMITTED:
                continue
            state, status, following = _STATES[statuses.get(place.id, ParticipantStatus.EXPECTED)]
            people.append(
                {
                    "name": place.name,
                    "part": _PARTS[place.kind],
                    "state": state,
                    "status": status,
                    "next": following,
                }
            )
        return people


_ADMITTED = ParticipantStatus.ADMITTED


async def meeting_shown(meeting: Meeting, tx: RoomsTx) -> dict[str, object]:
    """Return what every page of a meeting shows of it."""
    facility = await tx.people.organisation(meeting.facility_id)
    terminal = await tx.people.terminal(meeting.terminal_id)
    practice = await tx.slots.practice(meeting.facility_id)
    return {
        "id": meeting.id,
        "recipient": meeting.recipient_name,
        "facility": "" if facility is None else facility.name,
        "terminal": "" if terminal is None else terminal.name,
        "starts_at": meeting.starts_at,
        "ends_at": meeting.ends_at,
        "watched": practice.guard_viewing,
    }
