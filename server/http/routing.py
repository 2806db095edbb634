"""Routes: each names the action that the permission table judges. There is no other way to add one.

An action without a record is judged here. One about a record is judged by the feature's policy, which
alone knows how the identity stands to the record; here only the anonymous are sent to sign in.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from aiohttp import web
from aiohttp.typedefs import Handler

from server.http.identity import identity_of
from server.http.openapi import Operation
from server.http.pace import Pace, Pacer
from server.http.scopes import ScopeMissing
from server.kernel.errors import NotEnrolled, NotFound, NotSignedIn, PasswordNotChanged, ProofTooOld
from server.kernel.identity import Identity, Role
from server.kernel.ids import could_name_a_record
from server.kernel.permissions import PERMISSIONS, Action, Relation, needs_no_record, require


@dataclass(frozen=True, slots=True)
class Route:
    """One method on one path, what it does, and the action under which the table judges it."""

    method: str
    path: str
    handler: Handler
    action: Action
    operation: Operation | None = None
    """What it does for programs; None: it is for people, and no key opens it."""
    proof: bool = False
    """Whether the person must have shown who they are within the last minutes (OWASP ASVS 5.0, 7.5.3)."""
    pace: Pace = Pace.ORDINARY
    """By which bound too many requests are turned away."""


ROUTES = web.AppKey("routes", tuple[Route, ...])


def add_routes(app: web.Application, routes: Iterable[Route], pacer: Pacer) -> None:
    """Register `routes` and remember them, so that the documents and the matrix test see every one."""
    known = tuple(routes)
    app[ROUTES] = known
    for route in known:
        app.router.add_route(route.method, route.path, _guarded(route, pacer))


def _check_scope(route: Route, identity: Identity) -> None:
    """Pass people, and keys that are good for this."""
    if identity.scopes is None or route.action is Action.VISIT:
        return
    if route.operation is None or route.operation.scope not in identity.scopes:
        raise ScopeMissing


_BEFORE_CHANGE = {Action.VISIT, Action.USE_OWN_ACCOUNT}
"""What somebody may do with a password that another person knows."""
_BEFORE_ENROLMENT = {*_BEFORE_CHANGE, Action.KEEP_CREDENTIALS}
"""What somebody may do who came by a password alone."""


def _guarded(route: Route, pacer: Pacer) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        await pacer.admit(request, route.pace)
        identity = identity_of(request)
        role = identity.role
        _check_scope(route, identity)
        if needs_no_record(route.action):
            require(role, route.action, Relation.NO_RECORD)
        elif role is Role.ANONYMOUS and Role.ANONYMOUS not in PERMISSIONS[route.action]:
            raise NotSignedIn
        if identity.must_change_password and route.action not in _BEFORE_CHANGE:
            raise PasswordNotChanged
        if identity.must_enrol and route.action not in _BEFORE_ENROLMENT:
            raise NotEnrolled
        if route.proof and not identity.has_fresh_proof and role in PERMISSIONS[route.action]:
            raise ProofTooOld
        if not all(could_name_a_record(part) for part in request.match_info.values()):
            raise NotFound
        return await route.handler(request)

    return handle
