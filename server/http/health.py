"""Whether the installation is well: `/readyz` for programs, and a page for its operator.

Each part of the application adds probes: what it depends on, how that is, and what to do when it is not
well. A probe that does not answer in time has failed; it holds up nothing else.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus

import structlog
from aiohttp import web

from server.http.pace import Pace
from server.http.pages import Pages
from server.http.routing import Route
from server.kernel.errors import N_
from server.kernel.permissions import Action

log = structlog.get_logger()

PROBE_S = 2.0
"""How long a probe may take."""
AGAIN_AFTER_S = 5
"""When whoever found the process not ready may ask again."""


class State(StrEnum):
    """How something is."""

    WELL = "well"
    WORRYING = "worrying"
    """The work goes on, but somebody should look."""
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a probe found."""

    state: State
    words: str
    """Message id: how it is and, unless it is well, what to do."""
    values: tuple[tuple[str, str | int], ...] = ()
    """What fills the message's placeholders."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """Something that the installation depends on."""

    name: str
    """Message id of what it is."""
    code: str
    """Its name for programs."""
    look: Callable[[], Awaitable[Finding]]
    is_essential: bool = False
    """Whether the process can't serve without it, so that a proxy should ask another."""


_SILENT = Finding(state=State.FAILED, words=N_("没有应答。请检查它是否在运行，并查看服务日志。"))


class HealthHandlers:
    """Serves `/readyz` and `/health`."""

    def __init__(self, *, probes: Sequence[Probe], pages: Pages) -> None:
        """Keep what is asked."""
        self._probes = tuple(probes)
        self._pages = pages

    def routes(self) -> tuple[Route, ...]:
        """Return the routes."""
        return (
            Route("GET", "/readyz", self.ready, Action.VISIT, pace=Pace.FREE),
            Route("GET", "/health", self.health, Action.SEE_HEALTH),
        )

    async def ready(self, _request: web.Request) -> web.Response:
        """Tell a load balancer whether to send requests here: 503 while something essential is away."""
        return await readiness(self._probes)

    async def health(self, request: web.Request) -> web.Response:
        """Show the operator how everything is, the worst first."""
        found = await _look(self._probes)
        order = list(State)
        found.sort(key=lambda each: -order.index(each[1].state))
        return self._pages.render(request, "operations/health.html", findings=found)


async def readiness(probes: Sequence[Probe]) -> web.Response:
    """Answer whether everything essential is there."""
    essential = [probe for probe in probes if probe.is_essential]
    found = await _look(essential)
    failed = [probe.code for probe, each in found if each.state is State.FAILED]
    if failed:
        return web.Response(
            text=f"not ready: {' '.join(failed)}\n",
            status=HTTPStatus.SERVICE_UNAVAILABLE,
            headers={"Retry-After": str(AGAIN_AFTER_S)},
        )
    return web.Response(text="ready\n")


async def _look(probes: Sequence[Probe]) -> list[tuple[Probe, Finding]]:
    return list(zip(probes, await asyncio.gather(*map(_ask, probes)), strict=True))


async def _ask(probe: Probe) -> Finding:
    """Ask in a task of its own, which goes on when its time is over: no query is ever cut short."""
    asking = asyncio.create_task(_finding(probe), name=f"probe-{probe.code}")
    done, _ = await asyncio.wait((asking,), timeout=PROBE_S)
    return asking.result() if done else _SILENT


async def _finding(probe: Probe) -> Finding:
    try:
        return await probe.look()
    except Exception:
        log.exception("a probe failed", probe=probe.code)
        return _SILENT
