"""The one mapper between rows and the domain's frozen dataclasses: columns bear the fields' names."""

from collections.abc import Iterable
from dataclasses import fields
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, TypeVar

from sqlalchemy import ColumnElement, Row

if TYPE_CHECKING:
    from dataclasses import Field


class Dataclass(Protocol):
    """Any dataclass."""

    __dataclass_fields__: "ClassVar[dict[str, Field[Any]]]"


ValueT = TypeVar("ValueT", bound=Dataclass)


def values_of(value: Dataclass) -> dict[str, Any]:
    """Return the column values of `value`, by field name."""
    return {field.name: getattr(value, field.name) for field in fields(value)}


def value_from(kind: type[ValueT], row: Row[Any]) -> ValueT:
    """Make a `kind` of the row's columns that bear its fields' names."""
    return kind(**{field.name: row._mapping[field.name] for field in fields(kind)})  # noqa: SLF001


def all_of(kind: type[ValueT], rows: Iterable[Row[Any]]) -> tuple[ValueT, ...]:
    """Make a tuple of `kind` from rows."""
    return tuple(value_from(kind, row) for row in rows)


def one_of(kind: type[ValueT], row: Row[Any] | None) -> ValueT | None:
    """Make a `kind` of `row`, None of none."""
    return None if row is None else value_from(kind, row)


Condition = ColumnElement[bool]
