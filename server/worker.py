"""Composition of the worker: runs jobs and alerts beside several web processes, on what they all share.

A job of which nobody told it is found in the database: what is left to do stands there, and is looked for
again and again, so that neither a lost queue nor a worker that died keeps anything waiting for long.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

from aiohttp import web

from server.casefiles.ingest import LOOK_AGAIN_S
from server.ground import Ground, Run
from server.kernel.clock import SystemClock
from server.kernel.rounds import in_rounds
from server.pdf.renderer import Renderer
from server.settings import Settings
from server.town_crier import TownCrier
from storage.redis import RedisQueue


async def work(settings: Settings, ending: asyncio.Event) -> None:
    """Run jobs until `ending`; a job under way then leaves off, and another worker goes on with it."""
    ground, renderer = Ground(settings, SystemClock()), Renderer()
    ingest, crier = ground.ingest(renderer), TownCrier(ground)
    async with AsyncExitStack() as stack:
        for run in ground.runs:
            await stack.enter_async_context(_running(run))
        looking = asyncio.create_task(in_rounds(ingest.resume, every_s=LOOK_AGAIN_S, ending=ending))
        crying = asyncio.create_task(crier.run(ending))
        receive = partial(_receive, ground, ending)
        receiving = asyncio.create_task(in_rounds(receive, every_s=LOOK_AGAIN_S, ending=ending))
        await ending.wait()
        await ingest.stop()
        await asyncio.gather(looking, crying, receiving)
        await renderer.close()


async def _receive(ground: Ground, ending: asyncio.Event) -> None:
    if isinstance(ground.queue, RedisQueue):
        await ground.queue.work(ending)


@asynccontextmanager
async def _running(run: Run) -> AsyncIterator[None]:
    """Do outside an application what it does with those that live beside its requests."""
    life = run(web.Application())
    await anext(life)
    try:
        yield
    finally:
        await anext(life, None)
