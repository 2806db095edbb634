"""`/api/v1`: an agency's system sends notices and sees how its cases stand.

The agency's key comes as `Authorization: Bearer …`; each notice bears an `Idempotency-Key`, under which
the first answer is kept and given again however often the same notice is sent.
"""

from hashlib import sha256
from http import HTTPStatus

from aiohttp import web

from server.cases.messages import CaseMessage, LawyerMessage, case_message, notice_message
from server.cases.model import Case
from server.cases.notices import (
    MAX_KEY_LENGTH,
    AnythingInput,
    KeyMissing,
    NoticeInput,
    hash_of,
    parse_secret,
)
from server.cases.ports import CaseLogTx, CasesTx
from server.cases.service.intake import Delivery, find_notice, register_secret_number, send_notice
from server.cases.service.looking import note_case_view
from server.cases.service.records import clocks_of, defenders_of, find_case
from server.http.identity import identity_of
from server.http.parsing import parse, parse_json
from server.http.routing import Route
from server.kernel.clock import Clock
from server.kernel.identity import Role
from server.kernel.ids import CaseId, NoticeId
from server.kernel.permissions import Action
from server.kernel.transaction import Units

_ETAG_DIGITS = 32


class CaseApi:
    """Serves agencies' systems."""

    def __init__(self, *, units: Units[CaseLogTx], clock: Clock) -> None:
        """Keep what the answers need."""
        self._units = units
        self._clock = clock

    def routes(self) -> tuple[Route, ...]:
        """Return the routes."""
        return (
            Route("POST", "/api/v1/notices", self.receive_notice, Action.SEND_NOTICE),
            Route("GET", "/api/v1/notices/{notice_id}", self.show_notice, Action.VIEW_NOTICE),
            Route("GET", "/api/v1/cases/{case_id}", self.show_case, Action.VIEW_CASE),
        )

    async def receive_notice(self, request: web.Request) -> web.Response:
        """Open a case for the notice: 201, its address in `Location`.

        Raises:
            KeyMissing: there is no idempotency key.
            SecretCase: more than the number of a secret case was sent.
            InvalidInput: each wrong field is named.
        """
        key = request.headers.get("Idempotency-Key", "").strip()
        if not 0 < len(key) <= MAX_KEY_LENGTH:
            raise KeyMissing
        values = (await parse_json(request, AnythingInput)).model_dump()
        identity = identity_of(request)
        delivery = Delivery(key, hash_of(values))
        if values.get("secret") is True:
            secret = parse_secret(values)
            async with self._units.transaction() as tx:
                kept = await register_secret_number(secret.agency_number, delivery, identity, tx, self._clock)
        else:
            command = parse(NoticeInput, values).command()
            async with self._units.transaction() as tx:
                kept = await send_notice(command, delivery, identity, tx, self._clock)
        return web.Response(
            text=kept.body,
            status=HTTPStatus.CREATED,
            content_type="application/json",
            headers={"Location": kept.location},
        )

    async def show_notice(self, request: web.Request) -> web.Response:
        """Say what became of a notice."""
        async with self._units.reading() as tx:
            notice = await find_notice(NoticeId(request.match_info["notice_id"]), identity_of(request), tx)
            case = None if notice.case_id is None else await tx.cases.case(notice.case_id)
            message = None if case is None else await self._case_message(case, identity_of(request).role, tx)
        body = notice_message(notice, message)
        return web.Response(text=body.model_dump_json(), content_type="application/json")

    async def show_case(self, request: web.Request) -> web.Response:
        """Say how a case stands; `ETag` changes with the answer and with nothing else.

        It is no count of changes to the case: that would move when the defence meets its client.
        """
        async with self._units.reading() as tx:
            case = await find_case(
                CaseId(request.match_info["case_id"]), identity_of(request), Action.VIEW_CASE, tx
            )
            message = await self._case_message(case, identity_of(request).role, tx)
        await note_case_view(case, identity_of(request), self._units, self._clock)
        text = message.model_dump_json()
        tag = sha256(text.encode()).hexdigest()[:_ETAG_DIGITS]
        headers = {"ETag": f'"{tag}"'}
        if any(known.value in {tag, "*"} for known in request.if_none_match or ()):
            return web.Response(status=HTTPStatus.NOT_MODIFIED, headers=headers)
        return web.Response(text=text, content_type="application/json", headers=headers)

    async def _case_message(self, case: Case, role: Role, tx: CasesTx) -> CaseMessage:
        return case_message(
            case,
            (await clocks_of((case,), role, tx, self._clock))[case.id],
            [
                LawyerMessage(
                    name=each.name, organisation=each.organisation, kind=each.kind, since=each.since
                )
                for each in await defenders_of(case.id, tx)
            ],
        )
