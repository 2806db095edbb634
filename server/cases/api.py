"""`/api/v1`: an agency's system sends notices and sees how its cases stand.

The agency's key comes as `Authorization: Bearer …`; each notice bears an `Idempotency-Key`, under which
the first answer is kept and given again however often the same notice is sent.
"""

import hashlib
import json
from datetime import date
from http import HTTPStatus
from typing import Annotated, ClassVar, Literal

from aiohttp import web
from pydantic import AwareDatetime, Field

from server.cases.messages import CaseMessage, LawyerMessage, case_message, notice_message
from server.cases.model import Case, Gender, NoticeReason, Procedure, Stage
from server.cases.ports import CasesTx
from server.cases.service.intake import (
    Delivery,
    Recipient,
    SendNotice,
    find_notice,
    register_secret_number,
    send_notice,
)
from server.cases.service.records import clocks_of, defenders_of, find_case
from server.http.identity import identity_of
from server.http.parsing import Input, parse, parse_json
from server.http.routing import Route
from server.kernel.clock import Clock
from server.kernel.errors import N_, DomainError, FieldError
from server.kernel.identity import Role
from server.kernel.ids import CaseId, NoticeId
from server.kernel.permissions import Action
from server.kernel.transaction import Units

MAX_KEY_LENGTH = 100

ShortText = Annotated[str, Field(min_length=1, max_length=60)]


class KeyMissing(DomainError):
    """A notice came without an idempotency key, or with one that is too long."""

    code: ClassVar[str] = "idempotency-key-missing"
    title: ClassVar[str] = N_("缺少 Idempotency-Key")
    advice: ClassVar[str] = N_(
        "请在请求头里写 Idempotency-Key，每份通知一个，不超过 100 个字符；重发时用同一个。"
    )


class SecretCase(DomainError):
    """More than the number of a secret case was sent; nothing of it was kept."""

    code: ClassVar[str] = "secret-case"
    title: ClassVar[str] = N_("涉密案件只登记编号")
    advice: ClassVar[str] = N_(
        "本平台不处理国家秘密，发来的内容没有保存。请只提交案件编号，其余通过保密渠道办理。"
    )


class RecipientInput(Input):
    """Who needs a defender."""

    name: ShortText
    gender: Gender = Gender.UNKNOWN
    born_on: date | None = None
    ethnicity: Annotated[str, Field(max_length=20)] = ""
    language: Annotated[str, Field(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$", max_length=20)] = "zh"


class NoticeInput(Input):
    """A notice (通知辩护函)."""

    secret: Literal[False] = False
    agency_number: ShortText
    letter_number: ShortText
    recipient: RecipientInput
    offence: ShortText
    stage: Stage
    procedure: Procedure | None = None
    reason: NoticeReason
    life_or_death: bool = False
    found_on: date | None = None
    received_case_on: date | None = None
    facility: Annotated[str, Field(max_length=100)] = ""
    co_accused: Annotated[int, Field(ge=0, le=500)] = 0
    volumes: Annotated[int, Field(ge=0, le=5000)] = 0
    related_numbers: Annotated[tuple[ShortText, ...], Field(max_length=20)] = ()
    earlier_number: Annotated[str, Field(max_length=60)] = ""
    hearing_at: AwareDatetime | None = None
    contact: Annotated[str, Field(min_length=1, max_length=100)]

    def command(self) -> SendNotice:
        """Return what the service is asked to do."""
        recipient = self.recipient
        return SendNotice(
            agency_number=self.agency_number,
            letter_number=self.letter_number,
            recipient=Recipient(
                name=recipient.name,
                gender=recipient.gender,
                born_on=recipient.born_on,
                ethnicity=recipient.ethnicity,
                language=recipient.language,
            ),
            offence=self.offence,
            stage=self.stage,
            procedure=self.procedure,
            reason=self.reason,
            life_or_death=self.life_or_death,
            found_on=self.found_on,
            received_case_on=self.received_case_on,
            facility=self.facility,
            co_accused=self.co_accused,
            volumes=self.volumes,
            related_numbers=self.related_numbers,
            earlier_number=self.earlier_number,
            hearing_at=self.hearing_at,
            contact=self.contact,
        )


class SecretNoticeInput(Input):
    """All that may be sent of a secret case."""

    secret: Literal[True]
    agency_number: ShortText


class AnythingInput(Input, extra="allow"):
    """A JSON object, before it is known which of the two it is."""


class CaseApi:
    """Serves agencies' systems."""

    def __init__(self, *, units: Units[CasesTx], clock: Clock) -> None:
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
        delivery = Delivery(key, _hash_of(values))
        if values.get("secret") is True:
            secret = _parse_secret(values)
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
        """Say how a case stands; `ETag` is its version."""
        async with self._units.reading() as tx:
            case = await find_case(
                CaseId(request.match_info["case_id"]), identity_of(request), Action.VIEW_CASE, tx
            )
            message = await self._case_message(case, identity_of(request).role, tx)
        headers = {"ETag": f'"{case.version}"'}
        return web.Response(text=message.model_dump_json(), content_type="application/json", headers=headers)

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


def _parse_secret(values: dict[str, object]) -> SecretNoticeInput:
    surplus = sorted(values.keys() - SecretNoticeInput.model_fields.keys())
    if surplus:
        message = N_("涉密案件不能提交这一项")
        raise SecretCase(fields=tuple(FieldError(name, "secret", message) for name in surplus))
    return parse(SecretNoticeInput, values)


def _hash_of(values: dict[str, object]) -> bytes:
    """Return the hash of a body's content: spaces and the order of its members don't matter."""
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).digest()
