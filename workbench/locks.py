"""The lock command: resolves pyproject.toml and package.json anew, within what they allow."""

from collections.abc import Iterator
from pathlib import Path

from workbench.places import REQUIREMENTS, ROOT, UV, WEB, node_environment, npm
from workbench.steps import Command, run

# One set of versions for every Python from 3.11 on and every machine, and no registry's address in the files.
RESOLVE = (
    "pip", "compile", "--quiet", "--upgrade", "--universal", "--python-version", "3.11",
    "--fork-strategy", "fewest", "--generate-hashes", "--no-annotate", "--no-emit-index-url",
    "--custom-compile-command", "python3 run.py lock",
)  # fmt: skip


def lock() -> None:
    """Writes every lock file; what is newer is installed by the next build."""
    for command in _commands():
        run(command, title="锁定依赖 · locking the dependencies")


def _commands() -> Iterator[Command]:
    app = REQUIREMENTS / "app.txt"
    yield _compile("--group", "bootstrap", output=REQUIREMENTS / "uv.txt")
    yield _compile("pyproject.toml", "--group", "web", output=app)
    # Constrained by the first, so that what is tested is what is served.
    yield _compile(
        "pyproject.toml",
        "--group",
        "web",
        "--group",
        "dev",
        "--constraint",
        app,
        output=REQUIREMENTS / "dev.txt",
    )
    for folder in (WEB, *(path.parent for path in (ROOT / "tests" / "browser").glob("*/package.json"))):
        yield Command(
            (*npm(), "update", "--package-lock-only", "--ignore-scripts"),
            folder=folder,
            environment=node_environment(),
        )


def _compile(*arguments: str | Path, output: Path) -> Command:
    return Command((UV, *RESOLVE, *arguments, "--output-file", output))
