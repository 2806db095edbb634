"""Pages of those who run the installation, and of those who watch them."""

from types import SimpleNamespace as Value

from server.alerts.messages import WEBHOOK
from server.app import compose
from server.audit.heads import TreeHead
from server.http.health import Finding, Probe, State
from server.http.openapi import document
from server.http.routing import ROUTES, Route
from server.kernel.identity import ANONYMOUS, Role
from server.settings import Settings
from tests.samples.values import Sample, at, someone


async def _never() -> Finding:
    raise AssertionError


def _found(name: str, state: State, words: str, **values: str | int) -> tuple[Probe, Finding]:
    probe = Probe(name=name, code=name, look=_never)
    return probe, Finding(state=state, words=words, values=tuple(values.items()))


LOGGED = [
    {
        "entry": Value(
            number=18_204,
            at=at(28, 9, 11),
            actor=f"lawyer:{'a' * 26}",
            subject=f"dossier:{'d' * 26}",
            origin="10.31.7.20",
            rule="lawyer/read_dossier/own",
        ),
        "name": "周某",
        "role": "lawyer",
        "words": "阅看卷宗页",
        "details": {"case_id": "c" * 26, "dossier_id": "d" * 26, "page": 12},
        "is_sealed": True,
    },
    {
        "entry": Value(
            number=18_203,
            at=at(28, 9, 10),
            actor="system:ingest",
            subject=f"dossier:{'d' * 26}",
            origin="",
            rule="",
        ),
        "name": "",
        "role": "system",
        "words": "卷宗处理完成",
        "details": {"case_id": "c" * 26, "dossier_id": "d" * 26, "failed_pages": 0},
        "is_sealed": False,
    },
]

_ROUTES: tuple[Route, ...] = compose(Settings())[ROUTES]
OPERATIONS = (
    Sample(
        name="reference",
        template="api/reference.html",
        identity=ANONYMOUS,
        path="/api",
        context={"document": document(_ROUTES, (WEBHOOK,), lambda message: message)},
    ),
    Sample(
        name="health",
        template="operations/health.html",
        identity=someone(Role.SYSTEM_ADMIN, "曹某"),
        path="/health",
        context={
            "findings": [
                _found("会见转发", State.FAILED, "没有应答。请检查它是否在运行，并查看服务日志。"),
                _found(
                    "网站证书",
                    State.WORRYING,
                    "{day} 到期，只剩 {left} 天。请检查自动续期。",
                    day="2026-10-12",
                    left=14,
                ),
                _found("数据库", State.WELL, "应答正常。"),
            ]
        },
    ),
    Sample(
        name="audit-log",
        template="audit/log.html",
        identity=someone(Role.AUDITOR, "严某"),
        path="/audit",
        context={
            "problem": None,
            "asked": {"event": "PageViewed"},
            "events": (("PageViewed", "阅看卷宗页"), ("SignedIn", "登录")),
            "rows": LOGGED,
            "export_href": "/audit/export?event=PageViewed",
            "older_href": "/audit?event=PageViewed&before=18203",
        },
    ),
    Sample(
        name="audit-entry",
        template="audit/entry.html",
        identity=someone(Role.AUDITOR, "严某"),
        path="/audit/entries/18204",
        context={
            "row": LOGGED[0],
            "leaf": "5a" * 32,
            "steps": [(18_203, 18_203, "0c" * 32), (18_201, 18_202, "1d" * 32), (18_205, 18_208, "2e" * 32)],
            "head": TreeHead(timestamp=0, tree_size=18_210, root_hash=bytes([0x3F] * 32)),
            "is_sound": True,
        },
    ),
    Sample(
        name="audit-entry-altered",
        template="audit/entry.html",
        identity=someone(Role.AUDITOR, "严某"),
        path="/audit/entries/1",
        context={
            "row": LOGGED[1],
            "leaf": "5a" * 32,
            "steps": [],
            "head": TreeHead(timestamp=0, tree_size=1, root_hash=bytes([0x3F] * 32)),
            "is_sound": False,
        },
    ),
)
