"""The test command: every check and test as a named step, all of them run, and one summary at the end."""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from workbench.places import PYTHON, ROOT, WEB, node_environment, python_tool, web_tool
from workbench.steps import Command, say

WORKERS = "2"


class Outcome(StrEnum):
    """How a check ended."""

    PASSED = "passed"
    FAILED = "FAILED"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Check:
    """One check; `subject` is what it looks at, and the check is skipped aloud while that does not exist."""

    name: str
    command: Command
    subject: Path = ROOT


@dataclass(frozen=True, slots=True)
class Result:
    """What a check came to; `note` says why one was skipped."""

    name: str
    outcome: Outcome
    duration_s: float
    note: str = ""


def run_checks(arguments: Sequence[str]) -> int:
    """Runs the checks, then pytest with `arguments`; the exit code is 1 if one failed."""
    results = [_run_quietly(check) for check in _checks()]
    results.append(_run_pytest(arguments))
    print(_summary(results), flush=True)
    return int(any(result.outcome is Outcome.FAILED for result in results))


def _checks() -> tuple[Check, ...]:
    return (
        _python("ruff", "ruff", "check", "."),
        _python("ruff format", "ruff", "format", "--check", "."),
        _python("mypy", "mypy", "run.py", "workbench", "server", "storage", "tests"),
        _python("import-linter", "lint-imports", "--no-logo", environment={"PYTHONPATH": str(ROOT)}),
        _python("deptry", "deptry", "."),
        _python("codespell", "codespell"),
        _python("djlint", "djlint", "--lint", "--quiet", "web/templates", subject=WEB / "templates"),
        _web("tsc", "tsc", "-p", "."),
        _web("biome", "biome", "ci", "."),
        _web("vitest", "vitest", "run"),
        _python("browsers", "python", "-m", "tests.browser.chromium"),
    )


def _python(
    name: str, tool: str, *arguments: str, subject: Path = ROOT, environment: dict[str, str] | None = None
) -> Check:
    return Check(name, Command((python_tool(tool), *arguments), environment=environment or {}), subject)


def _web(name: str, tool: str, *arguments: str) -> Check:
    return Check(name, Command((web_tool(tool), *arguments), folder=WEB, environment=node_environment()))


def _run_quietly(check: Check) -> Result:
    """Shows a check's output only when it failed."""
    if not check.subject.exists():
        return _tell(Result(check.name, Outcome.SKIPPED, 0, f"no {check.subject.relative_to(ROOT)} yet"))
    started = time.monotonic()
    done = subprocess.run(
        check.command.arguments,
        cwd=check.command.folder,
        env={**os.environ, **check.command.environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    if done.returncode:
        sys.stdout.buffer.write(done.stdout)
        sys.stdout.flush()
    outcome = Outcome.FAILED if done.returncode else Outcome.PASSED
    return _tell(Result(check.name, outcome, time.monotonic() - started))


def _run_pytest(arguments: Sequence[str]) -> Result:
    """Shows pytest's own progress and closing line, and the reasons of what it skipped (`-ra`)."""
    started = time.monotonic()
    workers = () if "-n" in arguments else ("-n", WORKERS, "--dist", "worksteal")
    done = subprocess.run(
        (PYTHON, "-m", "pytest", *workers, *arguments),
        cwd=ROOT,
        env={**os.environ, **node_environment()},
        stdin=subprocess.DEVNULL,
        check=False,
    )
    outcome = Outcome.FAILED if done.returncode else Outcome.PASSED
    return _tell(Result("pytest", outcome, time.monotonic() - started))


def _tell(result: Result) -> Result:
    say(_line(result))
    return result


def _line(result: Result) -> str:
    took = f"{result.duration_s:6.1f} s"
    return f"{result.name:<15}{result.outcome:<9}{took}  {result.note}".rstrip()


def _summary(results: Sequence[Result]) -> str:
    total = sum(result.duration_s for result in results)
    failed = [result.name for result in results if result.outcome is Outcome.FAILED]
    verdict = f"失败 · failed: {', '.join(failed)}" if failed else "全部通过 · all passed"
    return "\n".join(["", *map(_line, results), f"{verdict} ({total:.0f} s)"])
