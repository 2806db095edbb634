"""`/api/v1`: an agency's system sends notices and sees how its cases stand.

The agency's key comes as `Authorization: Bearer …`; each notice bears an `Idempotency-Key`, under which
the first answer is kept and given again however often the same notice is sent.
"""

import re
from datetime import datetime, timedelta
from hashlib import sha256
from http import HTTPStatus
from typing import Annotated

from aiohttp import web
from pydantic import Field

from server.cases.events import CasesListed
from server.cases.messages import (
    CaseMessage,
    CasesMessage,
    LawyerMessage,
    Message,
    NoticeMessage,
    case_message,
    notice_message,
)
from server.cases.model import Case
from server.cases.notices import (
    KEY_PATTERN,
    KeyMissing,
    NoticeInput,
    SecretCase,
    SecretNoticeInput,
    hash_of,
    parse_notice,
    parse_secret,
)
from server.cases.ports import CaseLogTx, CasesTx
from server.cases.service.intake import (
    AlreadyNotified,
    Delivery,
    KeyReused,
    NoAgency,
    NoInstitution,
    find_notice,
    register_secret_number,
    send_notice,
)
from server.cases.service.looking import note_case_view, note_look
from server.cases.service.records import clocks_of, defenders_of, find_case
from server.http.identity import identity_of
from server.http.openapi import IF_NONE_MATCH, Operation, Parameter, Where
from server.http.parsing import Input, parse_query, read_object
from server.http.routing import Route
from server.http.scopes import Scope
from server.kernel.clock import EPOCH, Clock, microseconds_of
from server.kernel.errors import N_, InvalidInput
from server.kernel.identity import Role
from server.kernel.ids import ID_ALPHABET, ID_LENGTH, CaseId, NoticeId
from server.kernel.permissions import Action
from server.kernel.transaction import Units

MOST_AT_ONCE = 200
_ETAG_DIGITS = 32
_CURSOR = f"^[0-9]{{1,16}}\\.[{ID_ALPHABET}]{{{ID_LENGTH}}}$"
"""When the last case of a page was opened, in microseconds, and its id."""


class CasesQuery(Input):
    """Which of the cases."""

    limit: Annotated[int, Field(ge=1, le=MOST_AT_ONCE)] = 50
    cursor: Annotated[str, Field(pattern=_CURSOR)] | None = None


SEND_NOTICE = Operation(
    id="sendNotice",
    words=N_("送达通知辩护"),
    scope=Scope.SEND_NOTICES,
    answer=NoticeMessage,
    status=HTTPStatus.CREATED,
    bodies=(NoticeInput, SecretNoticeInput),
    parameters=(
        Parameter(
            name="Idempotency-Key",
            where=Where.HEADER,
            words=N_("每份通知一个；重发时用同一个，就会得到同一个答复"),
            schema={"type": "string", "pattern": KEY_PATTERN},
            required=True,
        ),
    ),
    errors=(KeyMissing, InvalidInput, SecretCase, NoInstitution, KeyReused, AlreadyNotified),
)
SHOW_NOTICE = Operation(
    id="showNotice",
    words=N_("查询一份通知的办理情况"),
    scope=Scope.READ_NOTICES,
    answer=NoticeMessage,
    parameters=(IF_NONE_MATCH,),
)
LIST_CASES = Operation(
    id="listCases",
    words=N_("列出本机关的案件，最新的在前"),
    scope=Scope.READ_CASES,
    answer=CasesMessage,
    parameters=(
        Parameter(
            name="limit",
            where=Where.QUERY,
            words=N_("一次最多几件"),
            schema={"type": "integer", "minimum": 1, "maximum": MOST_AT_ONCE, "default": 50},
        ),
        Parameter(
            name="cursor",
            where=Where.QUERY,
            words=N_("上一页答复里的 next"),
            schema={"type": "string", "pattern": _CURSOR},
        ),
        IF_NONE_MATCH,
    ),
    errors=(InvalidInput,),
)
SHOW_CASE = Operation(
    id="showCase",
    words=N_("查询一个案件：状态、律师、期限"),
    scope=Scope.READ_CASES,
    answer=CaseMessage,
    parameters=(IF_NONE_MATCH,),
)


class CaseApi:
    """Serves agencies' systems."""

    def __init__(self, *, units: Units[CaseLogTx], clock: Clock) -> None:
        """Keep what the answers need."""
        self._units = units
        self._clock = clock

    def routes(self) -> tuple[Route, ...]:
        """Return the routes."""
        notices, cases = "/api/v1/notices", "/api/v1/cases"
        return (
            Route("POST", notices, self.receive_notice, Action.SEND_NOTICE, SEND_NOTICE),
            Route("GET", f"{notices}/{{notice_id}}", self.show_notice, Action.VIEW_NOTICE, SHOW_NOTICE),
            Route("GET", cases, self.list_cases, Action.LIST_SENT_CASES, LIST_CASES),
            Route("GET", f"{cases}/{{case_id}}", self.show_case, Action.VIEW_CASE, SHOW_CASE),
        )

    async def receive_notice(self, request: web.Request) -> web.Response:
        """Open a case for the notice: 201, its address in `Location`.

        Raises:
            KeyMissing: there is no idempotency key.
            SecretCase: more than the number of a secret case was sent.
            InvalidInput: each wrong field is named.
        """
        key = request.headers.get("Idempotency-Key", "").strip()
        if not re.fullmatch(KEY_PATTERN, key):
            raise KeyMissing
        values = await read_object(request)
        identity = identity_of(request)
        delivery = Delivery(key, hash_of(values))
        if values.get("secret") is True:
            secret = parse_secret(values)
            async with self._units.transaction() as tx:
                kept = await register_secret_number(secret.agency_number, delivery, identity, tx, self._clock)
        else:
            command = parse_notice(values).command()
            async with self._units.transaction() as tx:
                kept = await send_notice(command, delivery, identity, tx, self._clock)
        return web.Response(
            text=kept.body,
            status=HTTPStatus.CREATED,
            content_type="application/json",
            headers={"Location": kept.location, "ETag": _tag(kept.body)},
        )

    async def show_notice(self, request: web.Request) -> web.Response:
        """Say what became of a notice."""
        async with self._units.reading() as tx:
            notice = await find_notice(NoticeId(request.match_info["notice_id"]), identity_of(request), tx)
            case = None if notice.case_id is None else await tx.cases.case(notice.case_id)
            message = None if case is None else await self._case_message(case, identity_of(request).role, tx)
        if case is not None:
            await note_case_view(case, identity_of(request), self._units, self._clock)
        return _answer(request, notice_message(notice, message))

    async def list_cases(self, request: web.Request) -> web.Response:
        """Say how the agency's cases stand, the newest first, some at a time."""
        asked, identity = parse_query(request, CasesQuery), identity_of(request)
        before = None if asked.cursor is None else _behind(asked.cursor)
        if identity.organisation_id is None:
            raise NoAgency
        async with self._units.reading() as tx:
            found = await tx.cases.cases_of_agency_before(
                identity.organisation_id, before, limit=asked.limit + 1
            )
            shown = found[: asked.limit]
            messages = [await self._case_message(case, identity.role, tx) for case in shown]
        look = CasesListed(actor=identity.actor, agency_id=identity.organisation_id)
        await note_look(look, self._units, self._clock)
        following = _cursor(shown[-1]) if len(found) > asked.limit else None
        return _answer(request, CasesMessage(items=tuple(messages), next=following))

    async def show_case(self, request: web.Request) -> web.Response:
        """Say how a case stands."""
        async with self._units.reading() as tx:
            case = await find_case(
                CaseId(request.match_info["case_id"]), identity_of(request), Action.VIEW_CASE, tx
            )
            message = await self._case_message(case, identity_of(request).role, tx)
        await note_case_view(case, identity_of(request), self._units, self._clock)
        return _answer(request, message)

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


def _answer(request: web.Request, message: Message) -> web.Response:
    """Answer with an `ETag` that changes with the answer and with nothing else.

    It is no count of changes to the case: that would move when the defence meets its client.
    """
    text = message.model_dump_json()
    tag = _tag(text)
    if any(known.value in {tag.strip('"'), "*"} for known in request.if_none_match or ()):
        return web.Response(status=HTTPStatus.NOT_MODIFIED, headers={"ETag": tag})
    return web.Response(text=text, content_type="application/json", headers={"ETag": tag})


def _tag(text: str) -> str:
    return f'"{sha256(text.encode()).hexdigest()[:_ETAG_DIGITS]}"'


def _cursor(case: Case) -> str:
    return f"{microseconds_of(case.opened_at)}.{case.id}"


def _behind(cursor: str) -> tuple[datetime, CaseId]:
    moment, _, case_id = cursor.partition(".")
    return EPOCH + timedelta(microseconds=int(moment)), CaseId(case_id)
