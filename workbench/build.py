"""The build: uv by pip, the Python environment by uv, Node as a wheel, the web's packages, the pages."""

import fcntl
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum
from pathlib import Path

from workbench.places import (
    CACHE,
    DIST,
    PYTHON,
    REQUIREMENTS,
    TOOLS,
    UV,
    VENV,
    WEB,
    node_environment,
    npm,
    web_tool,
)
from workbench.steps import Command, Step, say


class Profile(StrEnum):
    """Which lock the Python environment holds; `DEV` holds everything that `APP` does."""

    APP = "app"
    DEV = "dev"


def build(profile: Profile) -> None:
    """Brings everything up to date that serving (or testing) needs; quick when nothing changed."""
    _bring_up_to_date(lambda: (*_installing(profile), _building_pages()))


def install(profile: Profile) -> None:
    """Brings up to date what is installed, and leaves the pages to Vite."""
    _bring_up_to_date(lambda: _installing(profile))


def _bring_up_to_date(steps: Callable[[], Sequence[Step]]) -> None:
    """Asks for the steps again once it is alone: what another build has made meanwhile decides them too."""
    if all(step.is_current() for step in steps()):
        return
    CACHE.mkdir(exist_ok=True)
    with (CACHE / "build.lock").open("w") as lock:
        _take(lock.fileno())
        for step in steps():
            if not step.is_current():
                step.run()


def _take(lock: int) -> None:
    """Lets one build run at a time, so that two instances can be started side by side."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        say("等待另一个构建完成 · waiting for another build to finish …")
        fcntl.flock(lock, fcntl.LOCK_EX)


def _installing(profile: Profile) -> tuple[Step, ...]:
    web = tuple(WEB / name for name in ("package.json", "package-lock.json", ".npmrc"))
    return (
        Step("取得 uv · fetching uv", TOOLS, (REQUIREMENTS / "uv.txt",), _fetch_uv),
        _environment(profile),
        Step("安装网页依赖 · installing the web's packages", WEB / "node_modules", web, _install_web),
    )


def _building_pages() -> Step:
    inputs = tuple(WEB / name for name in PAGE_INPUTS)
    return Step("构建网页 · building the pages", DIST, inputs, _build_pages)


PAGE_INPUTS = ("src", "styles", "locale", "package-lock.json", "vite.config.ts", "tsconfig.json")


def _environment(profile: Profile) -> Step:
    """Serving keeps the development environment where there is one, instead of undoing it."""
    wanted, dev = (_environment_for(each) for each in (profile, Profile.DEV))
    return dev if (VENV / ".dev").exists() else wanted


def _environment_for(profile: Profile) -> Step:
    lock = REQUIREMENTS / f"{profile}.txt"
    return Step(
        "安装 Python 依赖 · installing the Python packages",
        VENV,
        (lock,),
        lambda: _install_python(profile, lock),
        variant=profile,
    )


def _fetch_uv() -> Iterator[Command]:
    """Uses `--target`, which a system Python that forbids installing (PEP 668) allows and needs no venv."""
    yield Command(
        (
            sys.executable, "-m", "pip", "install", "--quiet", "--upgrade", "--no-user", "--require-hashes",
            "--disable-pip-version-check", "--root-user-action=ignore", "--target", TOOLS,
            "-r", REQUIREMENTS / "uv.txt",
        )
    )  # fmt: skip


def _install_python(profile: Profile, lock: Path) -> Iterator[Command]:
    """Changes a sound environment in place, since a server may be running in it."""
    mirror = _mirror_of_pip()
    incomplete = VENV / ".incomplete"
    if incomplete.exists() or not _is_sound():
        yield Command(
            (UV, "venv", "--clear", "--no-python-downloads", "--python", sys.executable, VENV),
            environment=mirror,
        )
    incomplete.touch()
    # Compiling now makes every later start quick: 1.0 s of imports instead of 4.6 s.
    yield Command(
        (UV, "pip", "sync", "--compile-bytecode", "--require-hashes", "--python", PYTHON, lock),
        environment=mirror,
    )
    incomplete.unlink()
    if profile is Profile.DEV:
        (VENV / ".dev").touch()


def _is_sound() -> bool:
    """Whether the environment's Python is still there, and of the series that runs this."""
    series = f"python{sys.version_info.major}.{sys.version_info.minor}"
    return PYTHON.exists() and (VENV / "lib" / series).is_dir()


def _install_web() -> Iterator[Command]:
    yield Command(
        (*npm(), "ci", "--ignore-scripts", "--loglevel=error"),
        folder=WEB,
        environment=node_environment(),
    )


def _build_pages() -> Iterator[Command]:
    yield Command(
        (web_tool("vite"), "build", "--logLevel", "warn"), folder=WEB, environment=node_environment()
    )


def _mirror_of_pip() -> dict[str, str]:
    """Tells uv the mirror and the certificates that pip was configured with; uv reads none of pip's files."""
    listed = subprocess.run(
        (sys.executable, "-m", "pip", "config", "list"), capture_output=True, text=True, check=False
    ).stdout
    told = {}
    for setting, variable in (("index-url", "UV_DEFAULT_INDEX"), ("cert", "SSL_CERT_FILE")):
        found = re.findall(rf"^(?:global|install|:env:)\.{setting}='(.+)'$", listed, flags=re.MULTILINE)
        if found and variable not in os.environ:
            told[variable] = found[-1]
    return told
