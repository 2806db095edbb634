"""Parsing at the edge: outside bytes become a typed model, or an `InvalidInput` that names each field."""

import json
from typing import TypeVar

from aiohttp import web
from multidict import MultiDictProxy
from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError, field_validator
from pydantic_core import PydanticCustomError

from server.kernel.errors import N_, FieldError, InvalidInput

ModelT = TypeVar("ModelT", bound="Input")


class Input(BaseModel):
    """Base of every model that outside bytes are parsed into: strict about names, lenient about nothing."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    @field_validator("*", mode="after")
    @classmethod
    def _without_nul(cls, value: object) -> object:
        """Refuse the one character that no text of a database can hold (PostgreSQL manual, §8.3)."""
        if any(
            isinstance(each, str) and "\0" in each
            for each in (value if isinstance(value, tuple) else (value,))
        ):
            raise PydanticCustomError("nul", "a NUL character")
        return value


_MESSAGES = {
    "missing": N_("请填写这一项"),
    "extra_forbidden": N_("不认识的项目，请删去"),
    "string_too_short": N_("请填写这一项"),
    "string_too_long": N_("超过长度限制，请缩短"),
    "string_pattern_mismatch": N_("格式不对，请对照示例修改"),
    "enum": N_("请从给定的选项中选择"),
    "literal_error": N_("请从给定的选项中选择"),
    "int_parsing": N_("请填写整数"),
    "int_type": N_("请填写整数"),
    "greater_than_equal": N_("数值太小"),
    "less_than_equal": N_("数值太大"),
    "less_than": N_("数值太大"),
    "datetime_from_date_parsing": N_("请填写日期和时间，例如 2026-09-28T09:30:00+08:00"),
    "datetime_parsing": N_("请填写日期和时间，例如 2026-09-28T09:30:00+08:00"),
    "timezone_aware": N_("时间要写明时区，例如 +08:00"),
    "date_from_datetime_parsing": N_("请填写日期，例如 2026-09-28"),
    "date_parsing": N_("请填写日期，例如 2026-09-28"),
    "bool_parsing": N_("请填写是或否"),
    "json_invalid": N_("内容不是有效的 JSON"),
}
_OTHERWISE = N_("填写内容不符合要求，请修改")


def field_errors(error: ValidationError) -> tuple[FieldError, ...]:
    """Turn pydantic's findings into ours, one a field, without echoing what was sent."""
    return tuple(
        FieldError(
            field=".".join(str(step) for step in found["loc"]) or "body",
            code=found["type"],
            message=_MESSAGES.get(found["type"], _OTHERWISE),
        )
        for found in error.errors(include_input=False, include_url=False, include_context=False)
    )


def parse(model: type[ModelT], values: object) -> ModelT:
    """Parse plain values.

    Raises:
        InvalidInput: with one `FieldError` for each field that is wrong.
    """
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise InvalidInput(fields=field_errors(error)) from None


async def parse_json(request: web.Request, model: type[ModelT]) -> ModelT:
    """Parse a JSON body into `model`, as strict about types as JSON allows; raises `InvalidInput`."""
    return parse_text(model, await request.read())


async def read_object(request: web.Request) -> dict[str, object]:
    """Return a JSON object before it is known what it has to be; raises `InvalidInput` if it is none."""
    try:
        values = json.loads(await request.read())
    except (ValueError, RecursionError):
        values = None
    if not isinstance(values, dict):
        unreadable = FieldError("body", "json_invalid", _MESSAGES["json_invalid"])
        raise InvalidInput(fields=(unreadable,))
    return values


def parse_text(model: type[ModelT], text: bytes | str) -> ModelT:
    """Parse JSON into `model`: a number in quotes is no number. Raises `InvalidInput`."""
    try:
        return model.model_validate_json(text, strict=True)
    except ValidationError as error:
        found = field_errors(error)
    if found[0].code == "json_invalid":
        _name_what_is_no_text(model, text)
    raise InvalidInput(fields=found)


def _name_what_is_no_text(model: type[Input], text: bytes | str) -> None:
    """Raise `InvalidInput` with the field that holds half a character (RFC 8259 §8.2), if that is all."""
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        return
    parse(model, values)


def _whole(value: object) -> object:
    """Take 3.0 for 3, as JSON Schema does: the same number, written otherwise."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


WHOLE = BeforeValidator(_whole)
"""With what a whole number in JSON is annotated."""


async def read_form(request: web.Request) -> MultiDictProxy[str | bytes | bytearray | web.FileField]:
    """Return a posted form as it came; raises `InvalidInput` if its bytes are no form."""
    try:
        return await request.post()
    except (ValueError, LookupError):
        unreadable = FieldError("body", "form_invalid", _OTHERWISE)
        raise InvalidInput(fields=(unreadable,)) from None


async def parse_form(request: web.Request, model: type[ModelT]) -> ModelT:
    """Parse a posted form into `model`; an empty field counts as missing. Raises `InvalidInput`."""
    form = await read_form(request)
    return parse(model, {name: value for name, value in form.items() if isinstance(value, str) and value})


def parse_query(request: web.Request, model: type[ModelT]) -> ModelT:
    """Parse the query into `model`; raises `InvalidInput`."""
    return parse(model, dict(request.query))
