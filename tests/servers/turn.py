"""TURN servers of the tests' own: coturn as `deploy/` starts it, and one from npm, which needs no root.

Both know the secret alone, and judge every pass by it. They relay on this machine only.
"""

import hashlib
import os
import shutil
import socket
import subprocess
import tempfile
from abc import ABC, abstractmethod
from contextlib import suppress
from pathlib import Path

from typing_extensions import override

from tests.until import until
from workbench.places import CACHE, ROOT, node_environment, npm

SECRET = "a-secret-that-only-the-tests-know"  # noqa: S105 - it guards nothing
_PACKAGES = Path(__file__).parent / "node_turn"
_NODE_TURN = """
const Turn = require("node-turn");
const { createHmac } = require("node:crypto");
const [secret, port] = process.argv.slice(1);
const sign = (name) => createHmac("sha1", secret).update(name).digest("base64");
const holds = (name) => Number.parseInt(name, 10) * 1000 > Date.now();
const credentials = new Proxy({}, { get: (_, name) => (holds(name) ? sign(name) : undefined) });
const ips = ["127.0.0.1"];
const config = { authMech: "long-term", credentials, listeningIps: ips, relayIps: ips, listeningPort: +port };
new Turn(config).start();
"""
_BINDING_REQUEST = bytes.fromhex("000100002112a442") + b"is it there?"
"""The shortest question of STUN (RFC 8489 §5)."""


class TurnServer(ABC):
    """A server that is started and ended; which one, its heirs say."""

    def __init__(self, folder: Path) -> None:
        """Chooses a port; `folder` is for what it writes."""
        self._folder = folder
        self.port = _free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def urls(self) -> tuple[str, ...]:
        """Where it is, as an operator would write it."""
        return (f"turn:127.0.0.1:{self.port}",)

    async def start(self) -> None:
        """Starts it and waits until it answers."""
        with self.log.open("wb") as log:
            self._process = self.launch(log.fileno())
        await until(self._answers)

    @property
    def log(self) -> Path:
        """What it said."""
        return self._folder / "turn.log"

    def remove(self) -> None:
        """Ends it."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    @abstractmethod
    def launch(self, log: int) -> "subprocess.Popen[bytes]":
        """Starts the process, which writes to the file `log`."""

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self.log.read_text()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe, suppress(OSError):
            probe.settimeout(0.2)
            probe.connect(("127.0.0.1", self.port))
            probe.send(_BINDING_REQUEST)
            return bool(probe.recv(512))
        return False


class NodeTurnServer(TurnServer):
    """npm's `node-turn`: UDP alone, and whatever peer is asked for."""

    @override
    def launch(self, log: int) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            (npm()[0], "-e", _NODE_TURN, SECRET, str(self.port)),
            cwd=_installed(),
            stdout=log,
            stderr=subprocess.STDOUT,
        )


class CoturnServer(TurnServer):
    """The machine's coturn, as `deploy/turn.sh` starts it."""

    def __init__(self, folder: Path, **told: str) -> None:
        """Chooses ports; `told` is told to the script besides what it needs."""
        super().__init__(folder)
        self.tls_port = _free_port()
        self._told = told

    @override
    def launch(self, log: int) -> "subprocess.Popen[bytes]":
        (self._folder / "secret").write_text(SECRET)
        told = {
            "LIANBIAN_PUBLIC_ADDRESS": "127.0.0.1",
            "LIANBIAN_TURN_SECRET_FILE": str(self._folder / "secret"),
            "RUNTIME_DIRECTORY": str(self._folder),
            **self._told,
        }
        ports = (f"--listening-port={self.port}", f"--tls-listening-port={self.tls_port}")
        here = ("--listening-ip=127.0.0.1", "--relay-ip=127.0.0.1", "--allow-loopback-peers")
        return subprocess.Popen(
            (ROOT / "deploy" / "turn.sh", *ports, *here),
            env={**os.environ, **told},
            stdout=log,
            stderr=subprocess.STDOUT,
        )


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _installed() -> Path:
    """Returns the folder of the locked package; it is installed beside that and moved there as a whole."""
    lock = (_PACKAGES / "package-lock.json").read_bytes()
    home = CACHE / f"node-turn-{hashlib.sha256(lock).hexdigest()[:8]}"
    if not home.exists():
        fresh = Path(tempfile.mkdtemp(prefix="node-turn-", dir=CACHE))
        shutil.copytree(_PACKAGES, fresh, dirs_exist_ok=True)
        environment = {**os.environ, **node_environment()}
        command = (*npm(), "ci", "--ignore-scripts", "--loglevel=error")
        subprocess.run(command, cwd=fresh, env=environment, check=True)
        with suppress(OSError):  # another worker of a parallel run was first
            fresh.rename(home)
        shutil.rmtree(fresh, ignore_errors=True)
    return home
