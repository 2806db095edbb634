"""A build step: runs when its inputs changed, shows that it is alive, and explains itself when it fails."""

import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from workbench.places import CACHE, ROOT

HEARTBEAT_S = 15.0
TAIL_LINES = 25


@dataclass(frozen=True, slots=True)
class Command:
    """One program call of a step; `environment` is added to the caller's own."""

    arguments: Sequence[str | Path]
    folder: Path = ROOT
    environment: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Step:
    """Makes `output` from `inputs`; `variant` tells apart what the same inputs are made into."""

    title: str
    output: Path
    inputs: tuple[Path, ...]
    commands: Callable[[], Iterable[Command]]
    variant: str = ""

    def is_current(self) -> bool:
        """Whether the output was made from just these inputs."""
        try:
            return self._stamp.read_text() == self._key()
        except OSError:
            return False

    def run(self) -> None:
        """Makes the output; a step that was interrupted counts as never made."""
        self._stamp.unlink(missing_ok=True)
        key = self._key()
        started = time.monotonic()
        say(f"{self.title} …")
        for command in self.commands():
            run(command, title=self.title)
        self.output.mkdir(parents=True, exist_ok=True)
        self._stamp.write_text(key)
        say(f"{self.title} ✓ {time.monotonic() - started:.1f} s")

    @property
    def _stamp(self) -> Path:
        return self.output / ".stamp"

    def _key(self) -> str:
        """A digest of the inputs' names and contents, the Python series and the machine's kind."""
        series = f"{sys.version_info.major}.{sys.version_info.minor}"
        digest = hashlib.sha256(f"{self.variant}\0{series}\0{os.uname().machine}".encode())
        for path in sorted(_files(self.inputs)):
            digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
        return digest.hexdigest()


def say(line: str) -> None:
    """Writes progress to standard error: standard output belongs to what is being run."""
    print(line, file=sys.stderr, flush=True)


def _files(inputs: Iterable[Path]) -> Iterable[Path]:
    for path in inputs:
        if path.is_dir():
            yield from (found for found in path.rglob("*") if found.is_file())
        elif path.is_file():
            yield path


def run(command: Command, *, title: str) -> None:
    """Runs a command to its end; when it fails, tells why and ends this process."""
    CACHE.mkdir(exist_ok=True)
    log = CACHE / "last-step.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command.arguments,
            cwd=command.folder,
            env={**os.environ, **command.environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        code = _wait(process, title=title)
    if code:
        _explain(command, code=code, output=log.read_text(errors="replace"))
        sys.exit(1)


def _wait(process: subprocess.Popen[bytes], *, title: str) -> int:
    """Waits, saying now and then that it still does; takes the process along when this one is ended."""
    started = time.monotonic()
    try:
        while True:
            try:
                return process.wait(timeout=HEARTBEAT_S)
            except subprocess.TimeoutExpired:
                say(f"{title} … {time.monotonic() - started:.0f} s")
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait()


def _explain(command: Command, *, code: int, output: str) -> None:
    shown = " ".join(str(argument) for argument in command.arguments)
    tail = output.strip().splitlines()[-TAIL_LINES:]
    say("\n".join(["", f"失败 · failed ({code}): {shown}", *(f"  {line}" for line in tail)]))
    advise(output)


def advise(output: str) -> None:
    """Says what to do about a failure whose output has a known sign."""
    for signs, chinese, english in HINTS:
        if any(sign.lower() in output.lower() for sign in signs):
            say(f"\n{chinese}\n{english}")
            return


# The first row that fits is shown, so the surer signs come first.
HINTS: tuple[tuple[tuple[str, ...], str, str], ...] = (
    (
        ("No space left on device", "os error 28", "ENOSPC", "Disk quota exceeded", "os error 122"),
        "磁盘空间不足：请腾出约 3 GB 后重试。",
        "The disk is full: free about 3 GB and try again.",
    ),
    (
        ("No module named pip",),
        "没有 pip：请安装（Debian/Ubuntu：apt install python3-pip）后重试。",
        "pip is missing: install it (Debian, Ubuntu: apt install python3-pip) and try again.",
    ),
    (
        ("DO NOT MATCH THE HASHES", "hash mismatch", "EINTEGRITY"),
        "下载的文件与锁定的校验值不符：请更换镜像源后重试，不要绕过校验。",
        "A downloaded file is not the locked one: try another mirror; do not bypass the check.",
    ),
    (
        ("Permission denied", "EACCES", "Read-only file system"),
        "没有写入权限：请确认当前用户可写本目录。",
        "No permission to write: this folder has to belong to the user who runs the command.",
    ),
    (
        (
            "from versions: none", "Temporary failure in name resolution", "dns error",
            "Failed to fetch", "error sending request",
            "NewConnectionError", "ConnectTimeout", "ReadTimeout", "Network is unreachable", "ENOTFOUND",
            "EAI_AGAIN", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "CERTIFICATE_VERIFY_FAILED",
        ),
        "下载失败：请检查网络、代理、镜像源（PIP_INDEX_URL、npm_config_registry）。",
        (
            "A download failed: check network, proxy, mirrors (PIP_INDEX_URL, npm_config_registry) "
            "and try again; finished steps are kept."
        ),
    ),
    (
        ("No matching distribution", "no wheels with a matching", "GLIBC_", "EBADPLATFORM"),
        "本机平台缺少预编译包：需要 Linux（glibc 2.28 以上）或 macOS。",
        "No prebuilt package for this machine: Linux (glibc 2.28 or newer) or macOS is needed.",
    ),
)  # fmt: skip
