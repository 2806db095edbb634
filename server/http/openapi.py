"""What programs can ask for, as OpenAPI 3.1: made of the routes and of the very models that parse and answer.

Texts are message ids: the document comes in the reader's language.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from server.http.pace import TooFast
from server.http.problems import STATUS, KeyUnknown
from server.http.scopes import Scope, ScopeMissing
from server.kernel.errors import N_, DomainError, NotFound
from server.kernel.ids import ID_ALPHABET, ID_LENGTH

if TYPE_CHECKING:
    from server.http.routing import Route

VERSION = "1.0.0"
"""Of the interface: the first number changes with what breaks those who use it, and with the path."""
_REFERENCE = "#/components/schemas/{model}"
_ID = {"type": "string", "pattern": f"^[{ID_ALPHABET}]{{{ID_LENGTH}}}$"}
_PARAMETER = re.compile(r"\{(\w+)\}")


class Where(StrEnum):
    """Where a parameter stands."""

    HEADER = "header"
    QUERY = "query"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """Something that goes beside the path and the body."""

    name: str
    where: Where
    words: str
    schema: Mapping[str, object]
    required: bool = False


IF_NONE_MATCH = Parameter(
    name="If-None-Match",
    where=Where.HEADER,
    words=N_("上次答复的 ETag：内容没有变化时答复 304"),
    schema={"type": "string"},
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """What a route does for programs."""

    id: str
    words: str
    scope: Scope
    answer: type[BaseModel]
    status: HTTPStatus = HTTPStatus.OK
    bodies: tuple[type[BaseModel], ...] = ()
    """The models of the body: it has to be one of them."""
    parameters: tuple[Parameter, ...] = ()
    errors: tuple[type[DomainError], ...] = ()
    """The refusals that are its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """What the platform posts to others."""

    name: str
    words: str
    body: type[BaseModel]


Say = Callable[[str], str]


def document(routes: Sequence["Route"], webhooks: Sequence[Webhook], say: Say) -> dict[str, object]:
    """Return the document."""
    told = [(route, route.operation) for route in routes if route.operation is not None]
    models: list[tuple[type[BaseModel], Any]] = [
        *((body, "validation") for _, each in told for body in each.bodies),
        *((each.answer, "serialization") for _, each in told),
        *((each.body, "serialization") for each in webhooks),
    ]
    names, schemas = models_json_schema(list(dict.fromkeys(models)), ref_template=_REFERENCE)
    paths: dict[str, dict[str, object]] = {}
    for route, operation in told:
        described = _operation(route, operation, names, say)
        paths.setdefault(route.path, {})[route.method.lower()] = described
    return {
        "openapi": "3.1.0",
        "info": {
            "title": say(N_("联辩接口")),
            "version": VERSION,
            "description": say(N_("办案机关的系统用它送达通知辩护，查询指派结果与期限。")),
            "license": {"name": "AGPL-3.0-or-later", "identifier": "AGPL-3.0-or-later"},
        },
        "servers": [{"url": "/"}],
        "security": [{"key": []}],
        "paths": paths,
        "webhooks": {each.name: {"post": _webhook(each, names, say)} for each in webhooks},
        "components": {
            "schemas": {**schemas.get("$defs", {}), "Problem": _PROBLEM},
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer", "description": say(N_("机关的接口密钥"))}
            },
        },
    }


def _operation(route: "Route", operation: Operation, names: Mapping[Any, Any], say: Say) -> dict[str, object]:
    scope = f"{say(N_('所需权限：'))}{operation.scope}"
    described: dict[str, object] = {
        "operationId": operation.id,
        "summary": say(operation.words),
        "description": scope,
        "parameters": [
            *({"name": name, "in": "path", "required": True, "schema": _ID} for name in _named(route.path)),
            *(_parameter(each, say) for each in operation.parameters),
        ],
        "responses": _responses(operation, names, say, names_record=bool(_named(route.path))),
    }
    if operation.bodies:
        variants = [names[body, "validation"] for body in operation.bodies]
        schema = variants[0] if len(variants) == 1 else {"anyOf": variants}
        described["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    return described


def _responses(
    operation: Operation, names: Mapping[Any, Any], say: Say, *, names_record: bool
) -> dict[str, object]:
    answered: dict[str, object] = {
        "description": say(N_("成功")),
        "content": {"application/json": {"schema": names[operation.answer, "serialization"]}},
        "headers": {"ETag": {"schema": {"type": "string"}}, "Trace-Id": {"schema": {"type": "string"}}},
    }
    responses: dict[str, object] = {str(int(operation.status)): answered}
    if IF_NONE_MATCH in operation.parameters:
        responses["304"] = {"description": say(N_("没有变化"))}
    always = (KeyUnknown, ScopeMissing, TooFast)
    common: tuple[type[DomainError], ...] = (*always, *((NotFound,) if names_record else ()))
    by_status: dict[int, list[type[DomainError]]] = {}
    for error in (*common, *operation.errors):
        by_status.setdefault(int(STATUS[error.kind]), []).append(error)
    for status, errors in sorted(by_status.items()):
        responses[str(status)] = {
            "description": "\n\n".join(f"`{each.code}`: {say(each.title)}" for each in errors),
            "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
    return responses


def _parameter(each: Parameter, say: Say) -> dict[str, object]:
    return {
        "name": each.name,
        "in": each.where.value,
        "required": each.required,
        "description": say(each.words),
        "schema": dict(each.schema),
    }


def _webhook(each: Webhook, names: Mapping[Any, Any], say: Say) -> dict[str, object]:
    return {
        "operationId": each.name,
        "summary": say(each.words),
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": names[each.body, "serialization"]}},
        },
        "responses": {"2XX": {"description": say(N_("已收到"))}},
    }


def _named(path: str) -> Iterable[str]:
    return _PARAMETER.findall(path)


_PROBLEM: Mapping[str, object] = {
    "type": "object",
    "description": "RFC 9457",
    "required": ["type", "title", "status", "detail", "instance", "code"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
        "code": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "pointer": {"type": "string"},
                    "code": {"type": "string"},
                    "detail": {"type": "string"},
                },
            },
        },
    },
}
