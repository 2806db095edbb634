"""Refusals worded for people and programs: RFC 9457 problem details, or the same as a page."""

import math
import time
from collections import Counter
from collections.abc import Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from yarl import URL

from server.http.i18n import Catalogue, locale_of
from server.http.identity import identity_of
from server.http.origin import CrossOrigin
from server.http.proof import ask_for_proof
from server.http.tracing import route_of, trace_of
from server.kernel.circumstances import ORIGIN
from server.kernel.errors import (
    N_,
    DomainError,
    Kind,
    NotAllowed,
    NotEnrolled,
    NotFound,
    NotSignedIn,
    PasswordNotChanged,
    ProofTooOld,
)
from server.kernel.identity import Role
from server.kernel.objects import StorageUnavailable
from server.kernel.transaction import DatabaseUnavailable

if TYPE_CHECKING:
    from server.http.pages import Pages

log = structlog.get_logger()

RETRY_AFTER_S = 5
"""When to try again what something that the installation stands on could not do (RFC 9110 §10.2.3)."""

STATUS = {
    Kind.INVALID: HTTPStatus.UNPROCESSABLE_ENTITY,
    Kind.UNAUTHENTICATED: HTTPStatus.UNAUTHORIZED,
    Kind.FORBIDDEN: HTTPStatus.FORBIDDEN,
    Kind.NOT_FOUND: HTTPStatus.NOT_FOUND,
    Kind.CONFLICT: HTTPStatus.CONFLICT,
    Kind.STALE: HTTPStatus.PRECONDITION_FAILED,
    Kind.TOO_LARGE: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    Kind.UNSUPPORTED: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    Kind.TOO_MANY: HTTPStatus.TOO_MANY_REQUESTS,
    Kind.UNAVAILABLE: HTTPStatus.SERVICE_UNAVAILABLE,
}


def status_of(problem: DomainError | None) -> int:
    """Return the status of a page that is shown again with what was wrong, or without."""
    return HTTPStatus.OK if problem is None else STATUS[problem.kind]


class WentWrong(DomainError):
    """Our own mistake: whatever was not a domain error."""

    kind = Kind.UNAVAILABLE
    code = "went-wrong"
    title = N_("系统出了问题，不是您的操作问题")
    advice = N_("已保存的内容没有丢失。请稍后重试；联系管理员时请报编号 {reference}。")


class NoDatabase(DomainError):
    """The database does not answer; whether what was just sent is stored is not known."""

    kind = Kind.UNAVAILABLE
    code = "database-unavailable"
    title = N_("系统暂时读不到数据")
    advice = N_("已保存的内容都在，不是您的操作问题。请稍等再试；若刚才在提交，请先刷新查看是否已经保存。")


class NoStorage(DomainError):
    """The object store does not answer; what it acknowledged is kept."""

    kind = Kind.UNAVAILABLE
    code = "storage-unavailable"
    title = N_("卷宗存储暂时不可用")
    advice = N_("已上传的部分都在，不是您的操作问题。请稍等再试，上传会从断开处继续。")


class WrongMethod(DomainError):
    """The path exists, but not for this method."""

    code = "wrong-method"
    title = N_("这个网址不支持这种请求")
    advice = N_("请从页面上的按钮操作，或查看接口说明。")


class KeyUnknown(NotSignedIn):
    """A program came to `/api/` without a key that is known."""

    is_attempt = True
    title = N_("接口密钥缺失或无效")
    advice = N_("请在请求头里写 Authorization: Bearer 和本机关的接口密钥。")


class TooLarge(DomainError):
    """The body is larger than the route takes."""

    kind = Kind.TOO_LARGE
    code = "too-large"
    title = N_("提交的内容过大")
    advice = N_("请减少内容后重试；卷宗请从上传入口提交。")


def wants_page(request: web.Request) -> bool:
    """Tell whether the client is a browser's navigation rather than a program."""
    return "text/html" in request.headers.get("Accept", "") and not request.path.startswith("/api/")


def problem_json(
    error: DomainError,
    request: web.Request,
    catalogue: Catalogue,
    status: int,
    extension: Mapping[str, object] | None = None,
) -> web.Response:
    """Word `error` as `application/problem+json` (RFC 9457 §3), with the members of `extension` (§3.2)."""
    locale = locale_of(request)

    def say(message: str) -> str:
        return catalogue.gettext(locale, message)

    body: dict[str, object] = {
        "type": f"urn:lianbian:problem:{error.code}",
        "title": say(error.title),
        "status": status,
        "detail": say(error.advice).format_map(error.values),
        "instance": f"urn:lianbian:trace:{trace_of(request)}",
        "code": error.code,
        **(extension or {}),
    }
    if error.fields:
        body["errors"] = [
            {"pointer": "/" + field.field.replace(".", "/"), "code": field.code, "detail": say(field.message)}
            for field in error.fields
        ]
    response = web.json_response(body, status=status, content_type="application/problem+json")
    response.headers["Content-Language"] = locale
    return response


def report_problems(pages: "Pages", catalogue: Catalogue) -> Middleware:
    """Make the outermost middleware, which turns every refusal and mistake into a worded answer."""

    async def word(error: DomainError, request: web.Request, status: int) -> web.StreamResponse:
        if not wants_page(request):
            return problem_json(error, request, catalogue, status)
        match error:
            case NotSignedIn():
                return _to_sign_in(request)
            case PasswordNotChanged() | NotEnrolled():
                return web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": "/account"})
            case ProofTooOld():
                return await ask_for_proof(request, pages)
            case _:
                return pages.render(request, "errors/problem.html", status=status, problem=error)

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except Exception as error:
            told = _told(request, error)
            if told is None:
                raise
            note_attempt(told[0])
            response = await word(told[0], request, told[1])
            response.headers.update(_hints(error, told[1]))
            return response

    return middleware


def _hints(error: Exception, status: int) -> Mapping[str, str]:
    """Return what tells a program how to go on: with which method (RFC 9110 §15.5.6), or when (§10.2.3)."""
    if isinstance(error, web.HTTPMethodNotAllowed):
        return {"Allow": error.headers["Allow"]}
    if isinstance(error, DomainError) and "seconds" in error.values:
        return {"Retry-After": str(error.values["seconds"])}
    return {"Retry-After": str(RETRY_AFTER_S)} if status == HTTPStatus.SERVICE_UNAVAILABLE else {}


def _told(request: web.Request, error: Exception) -> tuple[DomainError, int] | None:
    """Return what is said of an error, and the status; None of one that is an answer itself."""
    match error:
        case DomainError():
            refusal = _to_program(request, error)
            _note(refusal, request)
            return refusal, STATUS[refusal.kind]
        case DatabaseUnavailable():
            return NoDatabase(), HTTPStatus.SERVICE_UNAVAILABLE
        case StorageUnavailable():
            return NoStorage(), HTTPStatus.SERVICE_UNAVAILABLE
        case web.HTTPRequestEntityTooLarge():
            return TooLarge(), error.status
        case web.HTTPException():
            known = _OF_ROUTER.get(error.status)
            return None if known is None else (known(), error.status)
        case _:
            return _went_wrong(request, error), HTTPStatus.INTERNAL_SERVER_ERROR


def note_attempt(refusal: DomainError) -> None:
    """Warn of who may be trying to get in: of each kind one line a second, however many try."""
    if not refusal.is_attempt:
        return
    now = time.monotonic()
    if now - _TOLD_AT.get(refusal.code, -math.inf) < 1:
        _LEFT_OUT[refusal.code] += 1
        return
    _TOLD_AT[refusal.code] = now
    left_out = _LEFT_OUT.pop(refusal.code, 0)
    log.warning("kept out", code=refusal.code, origin=ORIGIN.get(), left_out=left_out)


_TOLD_AT: dict[str, float] = {}
_LEFT_OUT = Counter[str]()


def _note(refusal: DomainError, request: web.Request) -> None:
    """Log who was refused what is not theirs (OWASP ASVS 5.0, 16.3.2), and not the record: it may exist."""
    identity = identity_of(request)
    if refusal.kind in {Kind.FORBIDDEN, Kind.NOT_FOUND} and identity.role is not Role.ANONYMOUS:
        log.warning(
            "refused", actor=identity.actor, code=refusal.code, method=request.method, route=route_of(request)
        )


def _went_wrong(request: web.Request, error: Exception) -> WentWrong:
    """Log our mistake; that a page was closed before its answer is none."""
    is_closed = request.transport is None or request.transport.is_closing()
    if not (is_closed and isinstance(error, ConnectionResetError)):
        log.error("request failed", exc_info=error, method=request.method, route=route_of(request))
    return WentWrong(reference=trace_of(request))


def _to_program(request: web.Request, error: DomainError) -> DomainError:
    """Return what a program is told, which cannot sign in as a person does nor has a page of ours."""
    of_api = request.path.startswith("/api/")
    return KeyUnknown() if of_api and isinstance(error, NotSignedIn | CrossOrigin) else error


_TERMINAL = "/kiosk"
_OF_ROUTER: dict[int, type[DomainError]] = {
    HTTPStatus.FORBIDDEN: NotAllowed,
    HTTPStatus.NOT_FOUND: NotFound,
    HTTPStatus.METHOD_NOT_ALLOWED: WrongMethod,
}


def _to_sign_in(request: web.Request) -> web.Response:
    """Send an anonymous visitor to sign in and, after a safe request, back again; a terminal to be paired."""
    if request.path.startswith(f"{_TERMINAL}/") or request.path == _TERMINAL:
        return web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": f"{_TERMINAL}/pair"})
    back = request.path_qs if request.method == "GET" else "/"
    location = URL("/sign-in").with_query({"next": back} if back != "/" else {})
    return web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": str(location)})
