"""An OpenID provider of another's making, from PyPI, which believes whoever says who they are."""

import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from tests.until import until


class OpenIdServer:
    """One provider that remembers nobody."""

    def __init__(self) -> None:
        """Chooses a port."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port: int = probe.getsockname()[1]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def issuer(self) -> str:
        """Its name, which is its address."""
        return f"http://127.0.0.1:{self._port}"

    async def start(self) -> None:
        """Starts it and waits until it answers."""
        program = Path(sys.executable).parent / "oidc-provider-mock"
        self._process = subprocess.Popen(  # noqa: ASYNC220 - it takes a millisecond; waiting is done below
            (str(program), "--port", str(self._port), "-n", "true"),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        await until(self._answers)

    def remove(self) -> None:
        """Ends it."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None
        with (
            suppress(URLError, ConnectionError),
            urlopen(f"{self.issuer}/.well-known/openid-configuration") as answer,  # noqa: S310 - ours
        ):
            return bool(answer.status == 200)
        return False
