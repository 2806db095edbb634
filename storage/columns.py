"""Column types that turn stored text into the domain's values, so that one mapper serves every table."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Generic, TypeVar, cast

from sqlalchemy import JSON, BigInteger, Dialect, String
from sqlalchemy.types import TypeDecorator
from typing_extensions import override

from server.kernel.clock import EPOCH, microseconds_of

EnumT = TypeVar("EnumT", bound=StrEnum)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment, stored as whole microseconds since 1970-01-01 UTC: exact, and the same everywhere.

    One at the ends of time, which can't be read or told in China's time zone again, is refused.
    """

    impl = BigInteger
    cache_ok = True

    @override
    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else _stored(value)

    @override
    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        return None if value is None else EPOCH + _MICROSECOND * cast("int", value)


_MICROSECOND = EPOCH.resolution
_FIRST, _LAST = datetime(1800, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)


def _stored(moment: datetime) -> int:
    if not _FIRST <= moment <= _LAST:
        raise ValueError("a moment at the ends of time")
    return microseconds_of(moment)


class EnumText(TypeDecorator[EnumT], Generic[EnumT]):
    """A `StrEnum` member, stored as its value."""

    impl = String(40)
    cache_ok = True

    def __init__(self, members: type[EnumT]) -> None:
        """Keep the enum whose members the column holds."""
        super().__init__()
        self.members = members

    @override
    def process_bind_param(self, value: EnumT | None, dialect: Dialect) -> str | None:
        return None if value is None else self.members(value).value

    @override
    def process_result_value(self, value: Any | None, dialect: Dialect) -> EnumT | None:
        return None if value is None else self.members(value)


class TextTuple(TypeDecorator[tuple[str, ...]]):
    """A tuple of texts, stored as a JSON list."""

    impl = JSON
    cache_ok = True

    @override
    def process_bind_param(self, value: tuple[str, ...] | None, dialect: Dialect) -> list[str] | None:
        return None if value is None else list(value)

    @override
    def process_result_value(self, value: Any | None, dialect: Dialect) -> tuple[str, ...] | None:
        return None if value is None else tuple(value)


class UtcDateTimes(TypeDecorator[tuple[datetime, ...]]):
    """A tuple of aware moments, stored as a JSON list in the form of `UtcDateTime`."""

    impl = JSON
    cache_ok = True

    @override
    def process_bind_param(self, value: tuple[datetime, ...] | None, dialect: Dialect) -> list[int] | None:
        return None if value is None else [_stored(each) for each in value]

    @override
    def process_result_value(self, value: Any | None, dialect: Dialect) -> tuple[datetime, ...] | None:
        return None if value is None else tuple(EPOCH + _MICROSECOND * each for each in value)


class EnumTuple(TypeDecorator[tuple[EnumT, ...]], Generic[EnumT]):
    """A tuple of `StrEnum` members, stored as a JSON array of their values."""

    impl = JSON
    cache_ok = True

    def __init__(self, members: type[EnumT]) -> None:
        """Keep the enum whose members the column holds."""
        super().__init__()
        self.members = members

    @override
    def process_bind_param(self, value: tuple[EnumT, ...] | None, dialect: Dialect) -> list[str] | None:
        return None if value is None else [member.value for member in value]

    @override
    def process_result_value(self, value: Any | None, dialect: Dialect) -> tuple[EnumT, ...] | None:
        return None if value is None else tuple(self.members(each) for each in value)
