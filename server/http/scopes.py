"""What a program's key is good for: some of what its agency's people may do, named by scopes."""

from enum import StrEnum

from server.kernel.errors import N_, DomainError, Kind


class Scope(StrEnum):
    """One thing that a key is good for."""

    SEND_NOTICES = "notices:send"
    READ_NOTICES = "notices:read"
    READ_CASES = "cases:read"


class ScopeMissing(DomainError):
    """The key is known, and not good for this."""

    kind = Kind.FORBIDDEN
    code = "scope-missing"
    title = N_("这个密钥没有所需的权限")
    advice = N_("请联系平台的安全管理员，换一个有这项权限的密钥。")
