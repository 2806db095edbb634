"""A notice as it comes in, by `/api/v1` or by the form: what may be sent, and of a secret case."""

import hashlib
import json
from datetime import date
from typing import Annotated, ClassVar, Literal

from pydantic import AwareDatetime, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from server.cases.model import Gender, NoticeReason, Procedure, Stage
from server.cases.service.intake import Recipient, SendNotice
from server.http.parsing import WHOLE, Input, parse_text
from server.kernel.errors import N_, DomainError, FieldError

KEY_PATTERN = "^[!-~]([ -~]{0,98}[!-~])?$"
"""Of an idempotency key: 100 characters of printable ASCII at most, blanks only between them."""

ShortText = Annotated[str, Field(min_length=1, max_length=60)]


class KeyMissing(DomainError):
    """A notice came without an idempotency key, or with one that is none."""

    code: ClassVar[str] = "idempotency-key-missing"
    title: ClassVar[str] = N_("缺少 Idempotency-Key")
    advice: ClassVar[str] = N_(
        "请在请求头里写 Idempotency-Key，每份通知一个，用 ASCII 字符，不超过 100 个；重发时用同一个。"
    )


class SecretCase(DomainError):
    """More than the number of a secret case was sent; nothing of it was kept."""

    code: ClassVar[str] = "secret-case"
    title: ClassVar[str] = N_("涉密案件只登记编号")
    advice: ClassVar[str] = N_(
        "本平台不处理国家秘密，发来的内容没有保存。请只提交案件编号，其余通过保密渠道办理。"
    )


def _boolean(value: object) -> object:
    """Pass what is true or false: a literal would take 0 for false."""
    if not isinstance(value, bool):
        raise PydanticCustomError("bool_parsing", "neither true nor false")
    return value


class RecipientInput(Input):
    """Who needs a defender."""

    name: ShortText
    gender: Gender = Gender.UNKNOWN
    born_on: date | None = None
    ethnicity: Annotated[str, Field(max_length=20)] = ""
    language: Annotated[str, Field(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$", max_length=20)] = "zh"


class NoticeInput(Input):
    """A notice (通知辩护函)."""

    secret: Annotated[Literal[False], BeforeValidator(_boolean)] = False
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
    rights_told_on: date | None = None
    facility: Annotated[str, Field(max_length=100)] = ""
    co_accused: Annotated[int, Field(ge=0, le=500), WHOLE] = 0
    volumes: Annotated[int, Field(ge=0, le=5000), WHOLE] = 0
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
            rights_told_on=self.rights_told_on,
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


def parse_secret(values: dict[str, object]) -> SecretNoticeInput:
    """Parse a secret notice.

    Raises:
        SecretCase: there is more than the number; the surplus is named, not repeated.
    """
    surplus = sorted(values.keys() - SecretNoticeInput.model_fields.keys())
    if surplus:
        message = N_("涉密案件不能提交这一项")
        raise SecretCase(fields=tuple(FieldError(name, "secret", message) for name in surplus))
    return parse_text(SecretNoticeInput, json.dumps(values))


def parse_notice(values: dict[str, object]) -> NoticeInput:
    """Parse any other notice; raises `InvalidInput`."""
    return parse_text(NoticeInput, json.dumps(values))


def hash_of(values: dict[str, object]) -> bytes:
    """Return the hash of a body's content: spaces and the order of its members don't matter."""
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).digest()
