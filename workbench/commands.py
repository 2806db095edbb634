"""The commands of `run.py`: builds first, then hands over."""

import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType
from typing import NoReturn

from workbench.build import Profile, build, install
from workbench.checks import run_checks
from workbench.develop import develop
from workbench.locks import lock, upgrade
from workbench.places import PYTHON, ROOT, cache_environment, node_environment
from workbench.steps import advise, say

USAGE = """\
python3 run.py [serve]       构建并启动演示 · build, then serve the demo
    --host ADDRESS --port N --media-port N --public-address ADDRESS --data-dir FOLDER --no-demo
python3 run.py setup         只构建（含测试工具）· only build, the tools of the tests included
python3 run.py build         只构建运行所需 · only build what serving needs
python3 run.py test [ARGS]   全部检查与测试 · every check and test (ARGS go to pytest)
python3 run.py dev           开发：改动即刷新 · develop: reloads what changes
python3 run.py bench NAME    性能测量 · measure (see tests/bench)
python3 run.py soak NAME     长时间运行测试 · run for long (see tests/soak)
python3 run.py lock          锁定新增的依赖 · lock what was added, keep what is locked
python3 run.py upgrade       升级全部依赖 · lock the newest of every dependency
"""


def main(arguments: Sequence[str]) -> None:
    """Runs one command; a first argument that is an option means `serve`."""
    asked = list(arguments)
    if not asked or asked[0].startswith("-"):
        asked.insert(0, "help" if {"-h", "--help"} & {*asked[:1]} else "serve")
    name, *rest = asked
    command = COMMANDS.get(name)
    if command is None:
        say(USAGE)
        sys.exit(2)
    for number in (signal.SIGINT, signal.SIGTERM):
        # Set even where the shell started us with the signal ignored, as it does for a background job.
        signal.signal(number, _stop)
    os.environ.update(cache_environment())
    try:
        command(rest)
    except OSError as error:
        say(f"失败 · failed: {error}")
        advise(str(error))
        sys.exit(1)


def _stop(number: int, _frame: FrameType | None) -> NoReturn:
    sys.exit(128 + number)


def _help(_arguments: list[str]) -> None:
    print(USAGE)


def _serve(arguments: list[str]) -> None:
    build(Profile.APP)
    _become("server", "serve", *with_absolute_data_dir(arguments))


def _build(_arguments: list[str]) -> None:
    build(Profile.APP)
    say("就绪 · ready")


def _setup(_arguments: list[str]) -> None:
    build(Profile.DEV)
    say("就绪 · ready")


def _test(arguments: list[str]) -> None:
    build(Profile.DEV)
    sys.exit(run_checks(arguments))


def _dev(arguments: list[str]) -> None:
    install(Profile.DEV)
    develop(with_absolute_data_dir(arguments))


def _lock(_arguments: list[str]) -> None:
    build(Profile.DEV)
    lock()
    say("已锁定 · locked")


def _upgrade(_arguments: list[str]) -> None:
    build(Profile.DEV)
    upgrade()
    say("已升级并锁定 · upgraded and locked")


def _measure(folder: str) -> Callable[[list[str]], None]:
    def run(arguments: list[str]) -> None:
        place = ROOT / "tests" / folder
        found = (*place.glob("[a-z]*.py"), *(main.parent for main in place.glob("*/__main__.py")))
        names = sorted(path.stem for path in found)
        if not arguments or arguments[0] not in names:
            sys.exit(f"python3 run.py {folder} NAME: {', '.join(names) or '—'}")
        build(Profile.DEV)
        _become(f"tests.{folder}.{arguments[0]}", *arguments[1:])

    return run


def _become(module: str, *arguments: str) -> NoReturn:
    """Goes on as that module in the built environment, with this process's id, so signals reach it."""
    os.chdir(ROOT)
    os.execve(PYTHON, (str(PYTHON), "-m", module, *arguments), {**os.environ, **node_environment()})


def with_absolute_data_dir(arguments: list[str]) -> list[str]:
    """A folder that the caller named from where they stand; the server is started in the project's folder."""
    option = "--data-dir"
    absolute = list(arguments)
    for index, argument in enumerate(arguments):
        if argument.startswith(f"{option}="):
            absolute[index] = f"{option}={Path(argument.removeprefix(f'{option}=')).resolve()}"
        elif argument == option and index + 1 < len(arguments):
            absolute[index + 1] = str(Path(arguments[index + 1]).resolve())
    return absolute


COMMANDS: dict[str, Callable[[list[str]], None]] = {
    "help": _help,
    "serve": _serve,
    "build": _build,
    "setup": _setup,
    "test": _test,
    "dev": _dev,
    "lock": _lock,
    "upgrade": _upgrade,
    "bench": _measure("bench"),
    "soak": _measure("soak"),
}
