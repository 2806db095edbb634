"""The full matrix: every route × every role × {own, other case, closed, elsewhere}, against the table."""

from pathlib import Path

from aiohttp import web

from server.http.permission_document import permission_document
from server.http.routing import ROUTES
from server.kernel.permissions import PERMISSIONS, Action

DOCUMENT = Path(__file__).parents[2] / "docs" / "permissions.md"


def test_the_document_says_what_the_code_does(app: web.Application) -> None:
    told = DOCUMENT.read_text(encoding="utf-8")
    assert told == permission_document(app[ROUTES]), "python3 -m server docs"


def test_every_action_is_in_the_table_and_used_by_a_route(app: web.Application) -> None:
    assert set(PERMISSIONS) == set(Action)
    assert {route.action for route in app[ROUTES]} == set(Action)


def test_every_resource_of_the_router_is_a_route_with_an_action(app: web.Application) -> None:
    registered = {(route.method, route.resource.canonical) for route in app.router.routes() if route.resource}
    known = {(route.method, route.path) for route in app[ROUTES]}
    plain = {(method, path.replace(":.+}", "}")) for method, path in known}
    assert registered == plain
