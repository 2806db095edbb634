"""Walks through the pages of one person, link by link, as far as links lead."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

from aiohttp import ClientSession, DummyCookieJar
from typing_extensions import override

from server.http.identity import SESSION_COOKIE
from server.http.routing import Route

SAME_KIND_AT_MOST = 2
"""How many pages of one route are visited: two cases look alike, a hundred as well."""


@dataclass(frozen=True, slots=True)
class Visit:
    """A page, the route that made it, and how it answered."""

    path: str
    route: str
    status: int
    is_page: bool
    """Whether it is for a browser to show, not a file."""


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a" and (target := dict(attrs).get("href")):
            self.found.append(target)


async def walk(
    address: str, token: str | None, routes: Sequence[Route], *, starts: Iterable[str] = ("/",)
) -> list[Visit]:
    """Visits every page that can be reached from `starts`, two of a kind at most, in order of appearance."""
    cookie = {} if token is None else {"Cookie": f"{SESSION_COOKIE}={token}"}
    visits: list[Visit] = []
    seen, kinds = set(starts), Counter[str]()
    waiting = list(starts)
    async with ClientSession(
        headers={"Accept": "text/html", **cookie}, cookie_jar=DummyCookieJar()
    ) as browser:
        while waiting:
            path = waiting.pop(0)
            route = route_of(path, routes)
            kinds[route] += 1
            if kinds[route] > SAME_KIND_AT_MOST:
                continue
            async with browser.get(f"{address}{path}") as answer:
                if answer.url.path_qs != path and answer.url.path_qs in seen:
                    continue
                path = answer.url.path_qs
                seen.add(path)
                is_page = answer.content_type == "text/html"
                visits.append(Visit(path, route_of(path, routes), answer.status, is_page))
                body = await answer.text() if is_page else ""
            for target in _links(body, path):
                if target not in seen:
                    seen.add(target)
                    waiting.append(target)
    return visits


def route_of(path: str, routes: Sequence[Route]) -> str:
    """Returns the pattern of the GET route that serves `path`, empty if none does."""
    bare = urlsplit(path).path
    return next(
        (route.path for route in routes if route.method == "GET" and _pattern(route.path).fullmatch(bare)), ""
    )


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{[^}:]*\}", "[^/]+", path.replace("{path:.+}", ".+")))


def _links(body: str, path: str) -> list[str]:
    """Returns the local targets of the page's links, without their fragments."""
    parser = _Links()
    parser.feed(body)
    targets = [urlsplit(urljoin(path, target)) for target in parser.found]
    return [
        target.path + (f"?{target.query}" if target.query else "")
        for target in targets
        if not target.scheme and not target.netloc
    ]
