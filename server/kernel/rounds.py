"""Work that is done again and again beside the requests, until the application ends."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import structlog

from server.kernel.transaction import DatabaseUnavailable

log = structlog.get_logger()


async def in_rounds(act: Callable[[], Awaitable[None]], *, every_s: float, ending: asyncio.Event) -> None:
    """Call `act` at once and then each `every_s` seconds until `ending` is set; never cut short.

    A round that fails is logged, and the next one tries again.
    """
    while not ending.is_set():
        try:
            await act()
        except DatabaseUnavailable:
            log.warning("a round was left out: the database is away", act=_name(act))
        except Exception:
            log.exception("a round failed; the next one tries again", act=_name(act))
        with suppress(TimeoutError):
            async with asyncio.timeout(every_s):
                await ending.wait()


def _name(act: Callable[[], Awaitable[None]]) -> str:
    return str(getattr(getattr(act, "func", act), "__qualname__", ""))
