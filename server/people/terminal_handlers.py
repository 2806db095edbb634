"""The pages of terminals: the officer's list of them, and the page on which a device is paired."""

from typing import Annotated

from aiohttp import web
from pydantic import Field

from server.http.base64 import BASE64, to_text
from server.http.identity import identity_of, session_token
from server.http.pace import Pace
from server.http.pages import Pages, see_other
from server.http.parsing import Input, parse_form, parse_json
from server.http.problems import STATUS, note_attempt
from server.http.routing import Route
from server.kernel.clock import Clock
from server.kernel.errors import DomainError
from server.kernel.ids import TerminalId
from server.kernel.permissions import Action
from server.kernel.transaction import Units
from server.people.cookies import Cookies
from server.people.device_keys import KEY_BYTES, SIGNATURE_BYTES
from server.people.pairing import Answer, TerminalDoor, devices, issue_pairing_code, terminals, unpair
from server.people.policy import TERMINAL_LIFE
from server.people.ports import PeopleTx

_Key = Annotated[bytes, BASE64, Field(max_length=KEY_BYTES)]


class PairForm(Input):
    """The code that the officer read out, and the public half of the key in the device."""

    code: Annotated[str, Field(max_length=20)]
    public_key: _Key = b""


class AnswerInput(Input):
    """A challenge, signed by the device's key."""

    public_key: _Key
    challenge: Annotated[bytes, BASE64, Field(max_length=100)]
    signature: Annotated[bytes, BASE64, Field(max_length=SIGNATURE_BYTES)]


class TerminalHandlers:
    """Serves officers, and devices that are to become terminals."""

    def __init__(
        self, *, units: Units[PeopleTx], door: TerminalDoor, clock: Clock, pages: Pages, cookies: Cookies
    ) -> None:
        """Keep what the pages need."""
        self._units = units
        self._door = door
        self._clock = clock
        self._pages = pages
        self._cookies = cookies

    def routes(self) -> tuple[Route, ...]:
        """Return the routes."""
        return (
            Route("GET", "/terminals", self.list_terminals, Action.LIST_TERMINALS),
            Route("POST", "/terminals/{terminal_id}/pairing-code", self.issue_code, Action.MANAGE_TERMINAL),
            Route("POST", "/terminals/{terminal_id}/unpair", self.unpair, Action.MANAGE_TERMINAL),
            Route("GET", "/kiosk/pair", self.ask_pairing_code, Action.VISIT),
            Route("POST", "/kiosk/pair", self.pair, Action.VISIT, pace=Pace.GUESS),
            Route("POST", "/kiosk/device/challenge", self.ask_device, Action.VISIT, pace=Pace.GUESS),
            Route("POST", "/kiosk/device", self.prove_device, Action.VISIT, pace=Pace.GUESS),
        )

    async def list_terminals(self, request: web.Request) -> web.Response:
        """Show the facility's terminals and whether a device is paired."""
        async with self._units.reading() as tx:
            found = await terminals(identity_of(request), tx)
            seen = await devices(identity_of(request), tx)
        return self._pages.render(request, "people/terminals.html", terminals=found, seen=seen, code=None)

    async def issue_code(self, request: web.Request) -> web.Response:
        """Show a fresh pairing code, once; it is stored only as a hash."""
        identity = identity_of(request)
        terminal_id = TerminalId(request.match_info["terminal_id"])
        async with self._units.transaction() as tx:
            code = await issue_pairing_code(terminal_id, identity, tx, self._clock)
            found = await terminals(identity, tx)
            seen = await devices(identity, tx)
        return self._pages.render(
            request, "people/terminals.html", terminals=found, seen=seen, code=code, code_for=terminal_id
        )

    async def unpair(self, request: web.Request) -> web.Response:
        """End a device's pairing."""
        async with self._units.transaction() as tx:
            await unpair(TerminalId(request.match_info["terminal_id"]), identity_of(request), tx)
        return see_other("/terminals")

    async def ask_pairing_code(self, request: web.Request) -> web.Response:
        """Show the kiosk's pairing form."""
        return self._pages.render(request, "people/pair.html", problem=None)

    async def pair(self, request: web.Request) -> web.Response:
        """Turn this browser into a terminal, or show the form again with what was wrong."""
        try:
            form = await parse_form(request, PairForm)
            token = await self._door.pair(form.code, form.public_key)
        except DomainError as error:
            note_attempt(error)
            status = STATUS[error.kind]
            return self._pages.render(request, "people/pair.html", status=status, problem=error)
        return self._cookies.keep_session(see_other("/kiosk"), token, TERMINAL_LIFE)

    async def ask_device(self, _request: web.Request) -> web.Response:
        """Tell a device what its key is to sign."""
        return web.json_response({"challenge": to_text(self._door.ask())})

    async def prove_device(self, request: web.Request) -> web.Response:
        """Let a device that holds a terminal's key be the terminal for another hour."""
        given = await parse_json(request, AnswerInput)
        answer = Answer(public_key=given.public_key, challenge=given.challenge, signature=given.signature)
        token = await self._door.prove(answer, session_token(request))
        return self._cookies.keep_session(web.Response(status=204), token, TERMINAL_LIFE)
