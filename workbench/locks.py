"""The lock commands: resolve pyproject.toml and package.json.

`lock` keeps each locked version that is still allowed, so that a new dependency changes nothing else;
`upgrade` takes the newest of everything.
"""

from collections.abc import Iterator
from pathlib import Path

from workbench.places import REQUIREMENTS, ROOT, UV, WEB, node_environment, npm
from workbench.steps import Command, run

# One set of versions for every Python from 3.11 on and every machine, and no registry's address in the files.
RESOLVE = (
    "pip", "compile", "--quiet", "--universal", "--python-version", "3.11",
    "--fork-strategy", "fewest", "--generate-hashes", "--no-annotate", "--no-emit-index-url",
    "--custom-compile-command", "python3 run.py lock",
)  # fmt: skip


def lock() -> None:
    """Writes every lock file, changing only what it has to; the next build installs it."""
    _lock(_resolved_for_python(), npm_command="install")


def upgrade() -> None:
    """Writes every lock file with the newest versions; the next build installs them."""
    _lock(_resolved_for_python("--upgrade"), npm_command="update")


def _lock(for_python: Iterator[Command], *, npm_command: str) -> None:
    for command in (*for_python, *_resolved_for_the_web(npm_command)):
        run(command, title="锁定依赖 · locking the dependencies")


def _resolved_for_python(*options: str) -> Iterator[Command]:
    app = REQUIREMENTS / "app.txt"
    yield _compile(*options, "--group", "bootstrap", output=REQUIREMENTS / "uv.txt")
    yield _compile(*options, "pyproject.toml", "--group", "web", output=app)
    # Constrained by the first, so that what is tested is what is served.
    yield _compile(
        *options,
        "pyproject.toml",
        "--group",
        "web",
        "--group",
        "dev",
        "--constraint",
        app,
        output=REQUIREMENTS / "dev.txt",
    )


def _resolved_for_the_web(npm_command: str) -> Iterator[Command]:
    for folder in (WEB, *(path.parent for path in (ROOT / "tests").glob("*/*/package.json"))):
        yield Command(
            (*npm(), npm_command, "--package-lock-only", "--ignore-scripts"),
            folder=folder,
            environment=node_environment(),
        )


def _compile(*arguments: str | Path, output: Path) -> Command:
    return Command((UV, *RESOLVE, *arguments, "--output-file", output))
