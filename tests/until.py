"""Waits for what must become true, and fails when it does not."""

import asyncio
from collections.abc import Callable

_EVERY_S = 0.01


async def until(condition: Callable[[], bool], *, within_s: float = 30.0) -> None:
    """Returns as soon as `condition` holds; raises TimeoutError when it does not `within_s` seconds."""
    async with asyncio.timeout(within_s):
        while not condition():  # noqa: ASYNC110 - the condition is about processes and files, which tell nobody
            await asyncio.sleep(_EVERY_S)
