"""The `serve` command: pages and in-process jobs, and the media process beside them, until a signal."""

import asyncio
import errno
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress

import structlog
from aiohttp import web

from server.app import DATABASE, METRICS, OBJECTS, compose
from server.demo.filing import add_dossier
from server.demo.seed import InUse, is_seeded, seed
from server.kernel.clock import SystemClock
from server.people.administration import first_account
from server.people.passwords import Argon2Passwords
from server.settings import Settings
from server.supervisor import Child, stop_event, supervised
from storage.database import Database

log = structlog.get_logger()

SHUTDOWN_S = 2.0
"""How long requests under way may take when the process ends."""


class CannotServe(Exception):
    """Something in the surroundings forbids it; the message says what to do, in both languages."""


async def serve(settings: Settings) -> None:
    """Serve until SIGINT or SIGTERM; everything that was started has ended on return.

    Raises:
        CannotServe: the TCP port is in use; real people use the database and the demo was asked for; or the
            other way round.
    """
    stopped = stop_event()
    app = compose(settings)
    # A client that goes away does not cancel its handler: a query cut short could keep the one connection
    # that writes.
    runner = web.AppRunner(app, access_log=None, handler_cancellation=False, shutdown_timeout=SHUTDOWN_S)
    await runner.setup()
    try:
        await _try_port(settings)
        if settings.demo:
            await _seed(app[DATABASE])
        elif await is_seeded(app[DATABASE]):
            message = (
                "数据目录里是演示省份，任何人都知道它的密钥。正式使用请用 --data-dir 另选。\n"
                "The data directory holds the demo, whose key is known: choose another with --data-dir."
            )
            raise CannotServe(message)
        await _listen(runner, settings)
        media = supervised([_media_child(settings)])
        async with _figures(app, settings), media, _demo_dossier(app, settings):
            _say_where(settings)
            await stopped.wait()
    finally:
        await runner.cleanup()


@asynccontextmanager
async def _figures(app: web.Application, settings: Settings) -> AsyncIterator[None]:
    """Serve the figures on their own port, to programs of this machine only."""
    if not settings.metrics_port:
        yield
        return
    runner = web.AppRunner(app[METRICS].application(), access_log=None)
    await runner.setup()
    try:
        with _naming_the_port(settings.metrics_port, "LIANBIAN_METRICS_PORT"):
            await web.TCPSite(runner, "127.0.0.1", settings.metrics_port).start()
        yield
    finally:
        await runner.cleanup()


async def _seed(database: Database) -> None:
    """Make the demo province where there is none yet, saying so: it takes some seconds."""
    if await is_seeded(database):
        await _make_province(database)  # which refuses a database that others use as well
        return
    _say("生成演示省份 · making the demo province …")
    started = time.monotonic()
    await _make_province(database)
    _say(f"生成演示省份 · making the demo province ✓ {time.monotonic() - started:.1f} s")


async def _make_province(database: Database) -> None:
    try:
        await seed(database, SystemClock())
    except InUse:
        message = (
            "数据库已有账号在用，不能再生成演示省份，请加 --no-demo 启动。\n"
            "The database is in use, so the demo province is not made there; start with --no-demo."
        )
        raise CannotServe(message) from None


@asynccontextmanager
async def _demo_dossier(app: web.Application, settings: Settings) -> AsyncIterator[None]:
    """Make the demo's dossier beside the requests: it takes a while, and the pages are wanted now."""
    if not settings.demo:
        yield
        return
    making = asyncio.create_task(_make_dossier(app, settings), name="demo-dossier")
    try:
        yield
    finally:
        making.cancel()
        with suppress(asyncio.CancelledError):
            await making


async def _make_dossier(app: web.Application, settings: Settings) -> None:
    try:
        draft = settings.data_dir / "demo-dossier.pdf"
        await add_dossier(app[DATABASE], app[OBJECTS], SystemClock(), draft=draft)
    except Exception:
        log.exception("the demo's dossier could not be made")


async def make_demo(settings: Settings) -> None:
    """Make the demo province in a data directory that nobody serves; where it is already, do nothing."""
    database = compose(settings)[DATABASE]
    try:
        await _make_province(database)
    finally:
        await database.close()


async def make_first_account(settings: Settings, login: str) -> tuple[str, str] | None:
    """Make one of the first two security administrators; return login and password, None for a third."""
    database = compose(settings)[DATABASE]
    try:
        made = await first_account(login, database, Argon2Passwords(), SystemClock())
        return (made[0].login, made[1]) if made else None
    finally:
        await database.close()


async def _try_port(settings: Settings) -> None:
    """Refuse a taken port before anything is made that takes a while."""
    with _naming_the_port(settings.port, "--port"):
        loop = asyncio.get_running_loop()
        bound = await loop.create_server(
            asyncio.Protocol, settings.host, settings.port, reuse_address=True, start_serving=False
        )
        bound.close()


async def _listen(runner: web.AppRunner, settings: Settings) -> None:
    with _naming_the_port(settings.port, "--port"):
        await web.TCPSite(runner, settings.host, settings.port, reuse_address=True).start()


@contextmanager
def _naming_the_port(port: int, option: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        message = (
            f"端口 {port} 已被占用，请用 {option} 另选。\nPort {port} is taken; choose another with {option}."
        )
        raise CannotServe(message) from None


def _media_child(settings: Settings) -> Child:
    """The media process is told all by options, so that it does not depend on how `serve` was told."""
    options = (
        ("--host", settings.host),
        ("--media-port", str(settings.media_port)),
        ("--public-address", settings.public_address),
        ("--data-dir", str(settings.data_dir.resolve())),
    )
    words = tuple(word for option in options for word in option)
    return Child("media", (sys.executable, "-m", "server", "media", "--with-parent", *words))


def _say_where(settings: Settings) -> None:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    _say(f"联辩 · Lianbian  http://{host}:{settings.port}")


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - what one waits for at the terminal
