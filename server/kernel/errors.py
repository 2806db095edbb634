"""Domain errors: each is the name of a broken rule, with what the reader needs to mend it.

Titles and advice are message ids of the catalogue (Chinese first); `server.http.problems` words them
as RFC 9457 problem details in the user's language. Anything that is not a `DomainError` is our own
mistake and becomes a 500.
"""

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Mapping


def N_(message: str) -> str:  # noqa: N802 - the customary name of a marked, not yet translated message
    """Mark `message` for the catalogue; it is translated where it is shown."""
    return message


class Kind(Enum):
    """The nature of a refusal; the edge maps it to a status of its protocol."""

    INVALID = "invalid"
    UNAUTHENTICATED = "unauthenticated"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    CONFLICT = "conflict"
    STALE = "stale"
    TOO_LARGE = "too_large"
    UNSUPPORTED = "unsupported"
    TOO_MANY = "too_many"
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing wrong with one field of the input."""

    field: str
    """Path of the field in the input, dots between levels: `parties.0.name`."""
    code: str
    message: str
    """Message id: what is wrong and how to mend it."""


class DomainError(Exception):
    """A rule refused. Subclasses are named after the broken rule and set the class variables."""

    kind: ClassVar[Kind] = Kind.INVALID
    code: ClassVar[str] = "invalid"
    title: ClassVar[str] = N_("请求无法处理")
    advice: ClassVar[str] = N_("请检查填写内容后重试。")
    is_attempt: ClassVar[bool] = False
    """Whether it may be somebody who tries to get in, so that whoever runs the platform should know."""

    def __init__(self, *, fields: tuple[FieldError, ...] = (), **values: str | int) -> None:
        """Keep `fields` (what is wrong where) and `values`, which fill the placeholders of `advice`."""
        super().__init__(self.code)
        self.fields = fields
        self.values: Mapping[str, str | int] = values


class InvalidInput(DomainError):
    """The input has the wrong form; `fields` names what and where."""

    code = "invalid-input"
    title = N_("填写内容有误")
    advice = N_("请按各项提示修改后重新提交，已填内容仍然保留。")


class NotSignedIn(DomainError):
    """The action needs somebody signed in."""

    kind = Kind.UNAUTHENTICATED
    code = "not-signed-in"
    title = N_("请先登录")
    advice = N_("登录后会回到这一页。")


class NotFound(DomainError):
    """There is no such record, or none that this actor may know of: the two look alike."""

    kind = Kind.NOT_FOUND
    code = "not-found"
    title = N_("没有找到这一页")
    advice = N_("请核对网址，或从工作台重新进入。")


class NotAllowed(DomainError):
    """The actor is related to the record, but their role may not do this."""

    kind = Kind.FORBIDDEN
    code = "not-allowed"
    title = N_("您的身份不能做这项操作")
    advice = N_("如确需办理，请联系本机构的管理员。")


class PasswordNotChanged(DomainError):
    """Somebody else gave the password; it has to be changed first."""

    kind = Kind.FORBIDDEN
    code = "password-not-changed"
    title = N_("请先修改密码")
    advice = N_("现在的密码是别人给的。请在“我的账号”里改成只有您知道的，再继续。")


class NotEnrolled(DomainError):
    """A password alone is not enough; something has to be set up beside it first."""

    kind = Kind.FORBIDDEN
    code = "not-enrolled"
    title = N_("请先设置通行密钥或动态验证码")
    advice = N_("只有密码还不够安全。请在“我的账号”里设置其中一种，再继续。")


class ProofTooOld(DomainError):
    """What was asked for needs a proof of who one is that is some minutes old at most."""

    kind = Kind.FORBIDDEN
    code = "proof-too-old"
    title = N_("请先确认是您本人")
    advice = N_("这项操作要求 10 分钟内验证过身份。请验证后重试。")


class StaleVersion(DomainError):
    """Somebody else changed the record first."""

    kind = Kind.STALE
    code = "stale-version"
    title = N_("内容已被他人更新")
    advice = N_("请先查看最新内容，再提交您的修改；您写的文字仍在本页。")
