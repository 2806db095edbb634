"""Caddy with `deploy/Caddyfile`, from PyPI, on ports that need no root."""

import json
import os
import socket
import ssl
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.until import until
from workbench.places import ROOT

CADDYFILE = ROOT / "deploy" / "Caddyfile"
PROGRAM = Path(sys.executable).parent / "caddy"


def adapted(**told: str) -> dict[str, Any]:
    """Returns the file in Caddy's own form, as an operator's environment makes it."""
    done = subprocess.run(
        (PROGRAM, "adapt", "--config", CADDYFILE),
        env={**os.environ, **told},
        capture_output=True,
        check=True,
    )
    read: dict[str, Any] = json.loads(done.stdout)
    return read


class CaddyServer:
    """One proxy before some nodes, with an authority that it makes in an empty folder."""

    def __init__(self, folder: Path, nodes: Sequence[str]) -> None:
        """Chooses ports; `nodes` are hosts with their ports."""
        self._folder = folder
        self._nodes = " ".join(nodes)
        self.http_port, self.https_port = _free_port(), _free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def root(self) -> Path:
        """The root certificate that terminals have to trust."""
        return self._folder / "caddy" / "pki" / "authorities" / "local" / "root.crt"

    @property
    def certificate(self) -> Path:
        """The site's own, where the TURN server looks for it too."""
        return self._folder / "caddy" / "certificates" / "local" / "localhost" / "localhost.crt"

    async def start(self) -> None:
        """Starts it and waits until it has its certificate."""
        config = adapted(LIANBIAN_NODES=self._nodes)
        apps = config["apps"]
        apps["http"] |= {"http_port": self.http_port, "https_port": self.https_port}
        for server in apps["http"]["servers"].values():
            server["listen"] = [f"127.0.0.1:{self.https_port}"]
        apps["pki"]["certificate_authorities"]["local"]["install_trust"] = False
        config["admin"] = {"disabled": True}
        path = self._folder / "caddy.json"
        path.write_text(json.dumps(config))
        with (self._folder / "log").open("wb") as log:
            self._process = subprocess.Popen(  # noqa: ASYNC220 - it takes a millisecond; waiting is done below
                (PROGRAM, "run", "--config", path),
                env={**os.environ, "XDG_DATA_HOME": str(self._folder), "XDG_CONFIG_HOME": str(self._folder)},
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        await until(self._greets)

    def remove(self) -> None:
        """Ends it."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def _greets(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, (self._folder / "log").read_text()
        with suppress(OSError):
            trusting = ssl.create_default_context(cafile=str(self.root))
            with (
                socket.create_connection(("127.0.0.1", self.https_port), timeout=5) as probe,
                trusting.wrap_socket(probe, server_hostname="localhost"),
            ):
                return True
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
