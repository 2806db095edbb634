"""The server's commands: serve, media, worker, migrate, account, demo, docs, check, keys."""

import argparse
import asyncio
import fcntl
import gc
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields, replace
from functools import partial
from pathlib import Path

from sqlalchemy import make_url

from server.audit.entry import LogKey
from server.audit.heads import HeadKey
from server.kernel.transaction import DatabaseUnavailable
from server.process_log import log_to_standard_error
from server.settings import Settings, from_environment
from server.supervisor import stop_event
from storage.check import Witnesses, check
from storage.files import make_folder
from storage.head_files import HeadFiles
from storage.key_file import key_in, read_key
from storage.migrate import migrate, recognise

_COULD_NOT = 1
LONGEST_SOCKET_PATH = 107
"""Bytes that a Unix socket's path may have (unix(7))."""
FIRST_LOGIN = "security"
"""Login name of the security administrator with whom a new installation begins."""


class CannotStart(Exception):
    """Something in the surroundings has to be mended first; the message says what, in both languages."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and exit with its code."""
    options = _parser().parse_args(arguments)
    os.umask(0o077)  # whatever is made is the installation's own
    try:
        settings = _settings(options)
        log_to_standard_error(settings.log_level)
        command: Callable[[Settings, argparse.Namespace], None] = options.run
        with _naming_the_database(settings):
            command(settings, options)
    except (CannotStart, ValueError) as error:
        print(error, file=sys.stderr)  # noqa: T201 - the answer to whoever typed the command
        sys.exit(_COULD_NOT)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python3 -m server", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, run, told in (
        ("serve", _serve, "serve the pages"),
        ("media", _media, "forward media packets; `serve` starts it"),
        ("worker", _worker, "run jobs beside several web processes"),
        ("migrate", _migrate, "bring the database to the newest schema"),
        ("account", _account, "make the first account of a new installation"),
        ("demo", _demo, "make the fictional demo province"),
        ("assets", _assets, "tell the hash of each file that browsers are given"),
        ("docs", _docs, "write the documents that are generated from the code"),
        ("check", _check, "verify database, audit log and files; tells what is wrong"),
        ("backup", _backup, "make a backup in a folder while the platform serves; the keys stay out of it"),
        ("restore", _restore, "put a backup where nothing is yet, and check that it is whole"),
        ("keys", _keys, "rotate the master key, split it into shares, prove that they suffice, restore it"),
    ):
        command = commands.add_parser(name, help=told, description=told)
        command.set_defaults(run=run)
        command.add_argument("--host", help="address to listen on")
        command.add_argument("--port", type=int, help="TCP port of the pages")
        command.add_argument("--media-port", type=int, help="UDP port of the media")
        command.add_argument("--public-address", help="IP address under which browsers reach the media port")
        command.add_argument("--data-dir", type=Path, help="folder of database, objects and sockets")
        command.add_argument("--no-demo", dest="demo", action="store_false", default=None)
        if run in {_backup, _restore}:
            command.add_argument("folder", type=Path, help="where the backup is")
        if run is _keys:
            command.add_argument("action", choices=("rotate", "split", "drill", "restore"))
            command.add_argument("--shares", type=int, default=5, help="how many shares `split` makes")
            command.add_argument("--threshold", type=int, default=3, help="how many of them suffice")
        command.add_argument("--with-parent", action="store_true", help=argparse.SUPPRESS)
    return parser


def _settings(options: argparse.Namespace) -> Settings:
    known = {field.name for field in fields(Settings)}
    given = {name: value for name, value in vars(options).items() if name in known and value is not None}
    return replace(from_environment(), **given)


def _serve(settings: Settings, _options: argparse.Namespace) -> None:
    gc.disable()  # what is imported stays; looking through it again and again takes a tenth of the start
    from server.serve import CannotServe, serve  # noqa: PLC0415 - the other commands need not load it all

    gc.freeze()
    gc.enable()
    with _alone_with(settings.data_dir):
        migrate(settings.database, _log_key(settings))
        try:
            asyncio.run(serve(settings))
        except CannotServe as error:
            raise CannotStart(str(error)) from None


def _media(settings: Settings, options: argparse.Namespace) -> None:
    from server.rooms.media import worker  # noqa: PLC0415

    worker.main(
        worker.WorkerSettings(
            host=settings.media_host,
            port=settings.media_port,
            addresses=(settings.public_address,),
            control_path=settings.media_socket,
            lifeline_fd=sys.stdin.fileno() if options.with_parent else None,
        )
    )


def _worker(settings: Settings, _options: argparse.Namespace) -> None:
    if not settings.database_url or not settings.redis_url:
        message = (
            "没有设置 LIANBIAN_DATABASE_URL 和 LIANBIAN_REDIS_URL 时，任务由 serve 自己运行，无需单独启动。\n"
            "Without LIANBIAN_DATABASE_URL and LIANBIAN_REDIS_URL `serve` runs the jobs itself."
        )
        raise CannotStart(message)
    from server.worker import work  # noqa: PLC0415

    async def until_stopped() -> None:
        await recognise(settings.database, _log_key(settings))
        await work(settings, stop_event())

    asyncio.run(until_stopped())


def _migrate(settings: Settings, _options: argparse.Namespace) -> None:
    with _alone_with(settings.data_dir):
        migrate(settings.database, _log_key(settings))


def _demo(settings: Settings, _options: argparse.Namespace) -> None:
    from server.serve import CannotServe, make_demo  # noqa: PLC0415

    with _alone_with(settings.data_dir):
        migrate(settings.database, _log_key(settings))
        try:
            asyncio.run(make_demo(settings))
        except CannotServe as error:
            raise CannotStart(str(error)) from None


def _account(settings: Settings, _options: argparse.Namespace) -> None:
    from server.serve import make_first_account  # noqa: PLC0415

    with _alone_with(settings.data_dir):
        migrate(settings.database, _log_key(settings))
        made = asyncio.run(make_first_account(settings, FIRST_LOGIN))
    if made is None:
        message = (
            "已有两位安全管理员，请在“账号”页新增。 · "
            "There are two security administrators; add others on the page."
        )
        raise CannotStart(message)
    print("  ".join(made))  # noqa: T201 - the command's answer, shown once


def _docs(settings: Settings, _options: argparse.Namespace) -> None:
    from server.app import compose  # noqa: PLC0415
    from server.cases.deadline_document import deadline_document  # noqa: PLC0415
    from server.http.permission_document import permission_document  # noqa: PLC0415
    from server.http.routing import ROUTES  # noqa: PLC0415

    every = replace(settings, oidc_issuer="https://provider.example")  # routes that the operator can add
    documents = {
        "permissions.md": permission_document(compose(every)[ROUTES]),
        "deadlines.md": deadline_document(),
    }
    for name, text in documents.items():
        (Path(__file__).parents[1] / "docs" / name).write_text(text, encoding="utf-8")


def _assets(_settings: Settings, _options: argparse.Namespace) -> None:
    from server.http.assets import asset_hashes  # noqa: PLC0415

    for digest, name in asset_hashes():
        print(f"{digest}  {name}")  # noqa: T201 - the command's answer, in the form of sha256sum


def _check(settings: Settings, _options: argparse.Namespace) -> None:
    _look_over(settings, of_backup=None)


def _look_over(settings: Settings, *, of_backup: HeadFiles | None) -> None:
    witnesses = Witnesses(
        log_key=LogKey(partial(read_key, settings.log_key)),
        head_key=HeadKey(partial(read_key, settings.head_key)),
        heads=HeadFiles(settings.heads),
        of_backup=of_backup,
    )
    report = asyncio.run(check(settings.database, witnesses, partial(_show_progress, "审计日志 · audit log")))
    findings, files = report.findings, 0
    if report.is_readable:
        from server.key_commands import check_files  # noqa: PLC0415

        found, files = asyncio.run(check_files(settings, partial(_show_progress, "卷宗 · dossiers")))
        findings += found
    for finding in findings:
        print(finding)  # noqa: T201 - the command's answer
    held = f"日志 · log entries: {report.entries}, 树头 · tree heads: {report.heads}, 文件 · files: {files}"
    found_all = f"{len(findings)} 处问题 · findings" if findings else "没有发现问题 · nothing found"
    print(f"{found_all} ({held})")  # noqa: T201 - the command's answer
    sys.exit(_COULD_NOT if findings else 0)


def _backup(settings: Settings, options: argparse.Namespace) -> None:
    from server import backup_commands  # noqa: PLC0415

    progress = partial(_show_progress, "文件 · files")
    asyncio.run(backup_commands.back_up(settings, options.folder, progress))


def _restore(settings: Settings, options: argparse.Namespace) -> None:
    from server import backup_commands  # noqa: PLC0415

    with _alone_with(settings.data_dir):
        progress = partial(_show_progress, "核对 · verifying")
        asyncio.run(backup_commands.restore(settings, options.folder, progress))
    _look_over(settings, of_backup=HeadFiles(options.folder / "heads"))


def _keys(settings: Settings, options: argparse.Namespace) -> None:
    from server import key_commands  # noqa: PLC0415

    if options.action == "split":
        key_commands.split(settings, shares=options.shares, threshold=options.threshold)
    elif options.action == "restore":
        key_commands.restore(settings)
    elif options.action == "rotate":
        asyncio.run(key_commands.rotate(settings))
    else:
        findings = asyncio.run(key_commands.drill(settings, partial(_show_progress, "卷宗 · dossiers")))
        sys.exit(_COULD_NOT if findings else 0)


def _show_progress(what: str, done: int, whole: int) -> None:
    """Keep one line of the terminal up to date; where nobody watches, say nothing."""
    if sys.stderr.isatty():
        end = "\n" if done >= whole else "\r"
        print(f"{what}  {done} / {whole}", end=end, file=sys.stderr, flush=True)  # noqa: T201


def _log_key(settings: Settings) -> LogKey:
    """Return the log's key, which is made with the first entry."""
    return LogKey(partial(key_in, settings.log_key))


@contextmanager
def _alone_with(data_dir: Path) -> Iterator[None]:
    """Hold the data directory: two processes on one SQLite and one socket would trip over each other.

    Raises:
        CannotStart: another process holds it, or it can't be written.
    """
    if len(str((data_dir / "run" / "media.sock").resolve()).encode()) > LONGEST_SOCKET_PATH:
        message = (
            f"数据目录的路径太长，请用 --data-dir 另选 · the path is too long, choose another: {data_dir}"
        )
        raise CannotStart(message)
    try:
        make_folder(data_dir / "run")
        lock = os.open(data_dir / "run" / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        message = f"数据目录不可写 · cannot write the data directory {data_dir}: {error.strerror}"
        raise CannotStart(message) from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        message = (
            f"数据目录正被另一个进程使用，请用 --data-dir 另选：{data_dir}\n"
            f"Another process uses the data directory {data_dir}; choose another with --data-dir."
        )
        raise CannotStart(message) from None
    try:
        yield
    finally:
        os.close(lock)


@contextmanager
def _naming_the_database(settings: Settings) -> Iterator[None]:
    """Say which database does not answer, without its password, and why."""
    try:
        yield
    except DatabaseUnavailable as error:
        where = make_url(settings.database).render_as_string()
        message = f"数据库没有应答，请检查 · the database does not answer: {where}\n{error.__cause__}"
        raise CannotStart(message) from None
