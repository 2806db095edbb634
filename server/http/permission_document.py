"""`docs/permissions.md`, generated from the permission table and the routes."""

from server.http.pace import Pace
from server.http.routing import Route
from server.kernel.identity import Role
from server.kernel.permissions import PERMISSIONS, Action, Relation

_HEAD = """\
# 权限表 · Permissions

Generated from `server/kernel/permissions.py` and the routes by `python3 -m server docs`; a test fails when
it is out of date. Whatever is not in the table is denied: anonymous → sign-in, unrelated → 404, related but
forbidden → 403. The relation is computed by each feature's `policy`; who is *own* depends on the role (a
lawyer's assigned cases, a coordinator's area, an officer's facility, an agency's own notices).

| mark | relation to the record |
|---|---|
| ○ | about no record: a list of one's own, a form |
| ● | own |
| ◐ | own, but closed |
| ◍ | own, but its records are sealed |
| ◌ | unrelated |
"""
_MARKS = {
    Relation.NO_RECORD: "○",
    Relation.OWN: "●",
    Relation.CLOSED: "◐",
    Relation.SEALED: "◍",
    Relation.UNRELATED: "◌",
}


def permission_document(routes: tuple[Route, ...]) -> str:
    """Return the document: role × action, then route → action."""
    return "\n".join((_HEAD, _actions(), _routes(routes)))


def _actions() -> str:
    heading = "| action | " + " | ".join(role.value.replace("_", " ") for role in Role) + " |"
    lines = ["## Actions", "", heading, "|---" * (len(Role) + 1) + "|"]
    for action in Action:
        allowed = PERMISSIONS[action]
        cells = ("".join(_MARKS[each] for each in Relation if each in allowed.get(role, ())) for role in Role)
        lines.append(f"| {action} | " + " | ".join(cells) + " |")
    return "\n".join((*lines, ""))


def _routes(routes: tuple[Route, ...]) -> str:
    lines = [
        "## Routes",
        "",
        "*proof*: only within ten minutes of showing who one is. *guess*, *costly*, *free*: how often it may",
        "be asked for, where that is not the ordinary (`docs/operations.md`).",
        "",
        "| route | action | |",
        "|---|---|---|",
    ]
    ordered = sorted(routes, key=lambda route: (route.path, route.method))
    lines += [f"| `{route.method} {route.path}` | {route.action} | {_besides(route)} |" for route in ordered]
    return "\n".join((*lines, ""))


def _besides(route: Route) -> str:
    pace = "" if route.pace is Pace.ORDINARY else route.pace
    return ", ".join(each for each in ("proof" if route.proof else "", pace) if each)
