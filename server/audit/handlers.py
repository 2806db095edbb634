"""The auditor's pages: search the log, take it away in a file, and prove what is in it."""

import json
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any
from urllib.parse import urlencode

from aiohttp import web
from pydantic import Field

from server.audit.entry import Entry, LogKey
from server.audit.events import LogExported, LogSearched
from server.audit.heads import SignedTreeHead
from server.audit.ports import Directory, LogTransaction
from server.audit.proofs import Inclusion, Prover, consistency
from server.audit.search import Search
from server.audit.wording import EVENTS, event_words
from server.http.identity import identity_of
from server.http.pace import Pace
from server.http.pages import Pages
from server.http.parsing import Input, parse
from server.http.problems import STATUS
from server.http.routing import Route
from server.kernel.clock import CHINA
from server.kernel.errors import DomainError, NotFound
from server.kernel.identity import Identity
from server.kernel.ids import ID_ALPHABET, ID_LENGTH
from server.kernel.permissions import Action
from server.kernel.transaction import Units

PAGE = 50
"""Entries on a page."""
BATCH = 1000
"""Entries of an export that are read at once."""
_Text = Annotated[str, Field(max_length=80)]
_Day = Annotated[date, Field(ge=date(2000, 1, 1), le=date(2100, 1, 1))]
_Count = Annotated[int, Field(ge=1, le=1 << 62)]


class SearchQuery(Input):
    """What the search form asks; days are China's, the last one included."""

    who: _Text = ""
    event: _Text = ""
    subject: _Text = ""
    case_id: Annotated[str, Field(pattern=f"^[{ID_ALPHABET}]{{{ID_LENGTH}}}$")] | None = None
    since: _Day | None = None
    until: _Day | None = None
    before: _Count | None = None


class ConsistencyQuery(Input):
    """Which two trees; the second is the whole log if it is not told."""

    tree_size_1: _Count
    tree_size_2: _Count | None = None


class LogHandlers:
    """Serves auditors."""

    def __init__(
        self,
        *,
        units: Units[LogTransaction],
        directory: Directory,
        prover: Prover,
        log_key: LogKey,
        pages: Pages,
    ) -> None:
        """Keep what the pages need."""
        self._units = units
        self._directory = directory
        self._prover = prover
        self._log_key = log_key
        self._pages = pages

    def routes(self) -> tuple[Route, ...]:
        """Return the routes."""
        action = Action.SEARCH_LOG
        return (
            Route("GET", "/audit", self.search, action, pace=Pace.COSTLY),
            Route("GET", "/audit/export", self.export, action, proof=True, pace=Pace.COSTLY),
            Route("GET", "/audit/head", self.head, action),
            Route("GET", "/audit/consistency", self.consistency, action, pace=Pace.COSTLY),
            Route("GET", "/audit/entries/{number}", self.entry, action),
            Route("GET", "/audit/entries/{number}/proof", self.proof, action),
        )

    async def search(self, request: web.Request) -> web.Response:
        """Show the newest entries that the query finds, and the form for another."""
        try:
            query = _query(request)
        except DomainError as error:
            return self._page(request, {}, problem=error)
        search = await self._search(query)
        async with self._units.reading() as tx:
            found = await tx.log.newest(search, before=query.before, limit=PAGE + 1)
            altered = await tx.log.altered(found, self._log_key)
        await self._tell(_told(LogSearched, identity_of(request), search))
        entries, is_more = found[:PAGE], len(found) > PAGE
        names = await self._directory.names(frozenset(entry.actor for entry in entries))
        asked = query.model_dump(mode="json", exclude_defaults=True, exclude={"before"})
        older = {**asked, "before": str(entries[-1].number)} if is_more else None
        rows = [{**_row(entry, names), "is_sealed": entry.number not in altered} for entry in entries]
        return self._page(request, asked, rows=rows, older=older)

    async def export(self, request: web.Request) -> web.StreamResponse:
        """Send every entry that the query finds, the oldest first, one JSON object a line; then the head.

        Each says whether it is as it was sealed.
        """
        query = _query(request)
        search = await self._search(query)
        await self._tell(_told(LogExported, identity_of(request), search))
        head = await self._prover.head()
        name = f"audit-log-{head.head.tree_size}.ndjson"
        response = web.StreamResponse(
            headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
        )
        response.content_type = "application/x-ndjson"
        await response.prepare(request)
        read, size = 0, head.head.tree_size
        while read < size:
            async with self._units.reading() as tx:
                entries = await tx.log.oldest(search, after=read, up_to=size, limit=BATCH)
                altered = await tx.log.altered(entries, self._log_key)
            lines = (_line({**_fields(each), "is_sealed": each.number not in altered}) for each in entries)
            await response.write(b"".join(lines))
            read = entries[-1].number if len(entries) == BATCH else size
        await response.write(_line({"tree_head": _head(head)}))
        await response.write_eof()
        return response

    async def head(self, _request: web.Request) -> web.Response:
        """Tell the signed head of the log as it is, and the key that verifies it."""
        head = await self._prover.head()
        return web.json_response({**_head(head), "public_key": _base64(self._prover.public)})

    async def consistency(self, request: web.Request) -> web.Response:
        """Prove that the log of a size is the beginning of a later one."""
        query = parse(ConsistencyQuery, dict(request.query))
        async with self._units.reading() as tx:
            proof = await consistency(query.tree_size_1, query.tree_size_2, tx)
        return web.json_response(
            {
                "tree_size_1": proof.first,
                "tree_size_2": proof.second,
                "consistency_path": [_base64(step) for step in proof.path],
            }
        )

    async def entry(self, request: web.Request) -> web.Response:
        """Show an entry, and the way from it to the head."""
        proof = await self._inclusion(request)
        names = await self._directory.names(frozenset({proof.entry.actor}))
        return self._pages.render(
            request,
            "audit/entry.html",
            row=_row(proof.entry, names),
            leaf=proof.leaf.hex(),
            steps=[
                (start + 1, end, step.hex())
                for (start, end), step in zip(proof.spans, proof.path, strict=True)
            ],
            head=proof.head.head,
            is_sound=proof.is_sound,
        )

    async def proof(self, request: web.Request) -> web.Response:
        """Tell an entry, and what proves to anybody that it is in the log."""
        proof = await self._inclusion(request)
        return web.json_response(
            {
                "entry": _fields(proof.entry),
                "is_sealed": proof.is_sealed,
                "leaf": proof.entry.canonical.decode(),
                "leaf_hash": _base64(proof.leaf),
                "leaf_index": proof.leaf_index,
                "inclusion_path": [_base64(step) for step in proof.path],
                "tree_head": _head(proof.head),
            }
        )

    async def _inclusion(self, request: web.Request) -> Inclusion:
        number = request.match_info["number"]
        if not number.isascii() or not number.isdecimal() or len(number) > _LONGEST_NUMBER:
            raise NotFound
        proof = await self._prover.inclusion(int(number))
        looked_for = Search(subject=f"log:{number}")
        await self._tell(_told(LogSearched, identity_of(request), looked_for))
        return proof

    async def _tell(self, event: LogSearched) -> None:
        """Log what was asked for before the answer goes out; a long search keeps no writer waiting."""
        async with self._units.transaction() as tx:
            tx.record(event)

    async def _search(self, query: SearchQuery) -> Search:
        return Search(
            actors=await self._directory.actors(query.who) if query.who else None,
            event=query.event,
            subject=query.subject,
            case_id=query.case_id or "",
            since=_midnight(query.since) if query.since else None,
            until=_midnight(query.until + timedelta(days=1)) if query.until else None,
        )

    def _page(
        self,
        request: web.Request,
        asked: Mapping[str, str],
        *,
        rows: list[dict[str, object]] | None = None,
        older: Mapping[str, str] | None = None,
        problem: DomainError | None = None,
    ) -> web.Response:
        return self._pages.render(
            request,
            "audit/log.html",
            status=STATUS[problem.kind] if problem else 200,
            problem=problem,
            asked=asked,
            rows=rows or [],
            export_href=f"/audit/export?{urlencode(asked)}",
            older_href=f"/audit?{urlencode(older)}" if older else None,
            events=tuple(EVENTS.items()),
        )


_LONGEST_NUMBER = 18


def _query(request: web.Request) -> SearchQuery:
    """Parse the query; an empty field of the form is none. Raises `InvalidInput`."""
    return parse(SearchQuery, {name: value for name, value in request.query.items() if value})


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), CHINA)


def _told(kind: type[LogSearched], identity: Identity, search: Search) -> LogSearched:
    return kind(
        actor=identity.actor,
        actors=tuple(sorted(search.actors or ())),
        event_name=search.event,
        record=search.subject,
        case_id=search.case_id,
        since=search.since.isoformat() if search.since else "",
        until=search.until.isoformat() if search.until else "",
    )


def _row(entry: Entry, names: Mapping[str, str]) -> dict[str, object]:
    """Return an entry as the page shows it."""
    role = entry.actor.partition(":")[0]
    return {
        "entry": entry,
        "name": names.get(entry.actor, ""),
        "role": role,
        "words": event_words(entry.event),
        "details": json.loads(entry.details),
    }


def _fields(entry: Entry) -> dict[str, Any]:
    return {**asdict(entry), "at": entry.at.isoformat(), "details": json.loads(entry.details)}


def _head(signed: SignedTreeHead) -> dict[str, Any]:
    return dict(json.loads(signed.line))


def _line(fields: Mapping[str, Any]) -> bytes:
    return json.dumps(fields, ensure_ascii=False).encode() + b"\n"


def _base64(content: bytes) -> str:
    return b64encode(content).decode()
