"""The development command: Vite in front reloads what the browser runs, and a watcher restarts the server.

Without a build the pages name the sources themselves (`/static/src/mount.ts`), which Vite serves; everything
else it passes on to the server, so there is one origin, as in production.
"""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from workbench.places import CACHE, DIST, PYTHON, ROOT, WEB, node_environment, web_tool
from workbench.steps import say

SERVER_PORT = 8080
VITE_PORT = 5173
LOOK_EVERY_S = 0.5
WATCHED = ("server/**/*.py", "storage/**/*.py", "web/templates/**/*.html", "web/locale/*.po")
RESTARTED = CACHE / "server-restarted"
"""Vite reloads the page when this file changes."""


def develop(arguments: Sequence[str]) -> None:
    """Runs until it is interrupted; `arguments` go to the server."""
    shutil.rmtree(DIST, ignore_errors=True)
    RESTARTED.touch()
    port = _port(arguments)
    with ExitStack() as running:
        server = _start_server(arguments)
        running.callback(lambda: _end(server))
        _wait_for(server, port)
        vite = subprocess.Popen(
            (web_tool("vite"), "--logLevel", "warn", "--clearScreen", "false"),
            cwd=WEB,
            env={**os.environ, **node_environment(), "LIANBIAN_SERVER": f"http://127.0.0.1:{port}"},
        )
        running.callback(lambda: _end(vite))
        say(f"开发 · develop  http://127.0.0.1:{VITE_PORT}")
        seen = _state()
        while vite.poll() is None:
            time.sleep(LOOK_EVERY_S)
            if seen != (seen := _state()):
                say("重启服务 · restarting the server")
                _end(server)
                server = _start_server(arguments)
                _wait_for(server, port)
                RESTARTED.touch()


def _port(arguments: Sequence[str]) -> int:
    """The port that the arguments give the server."""
    for before, argument in zip(("", *arguments), arguments, strict=False):
        if before == "--port":
            return int(argument)
        if argument.startswith("--port="):
            return int(argument.removeprefix("--port="))
    return SERVER_PORT


def _start_server(arguments: Sequence[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen((PYTHON, "-m", "server", "serve", *arguments), cwd=ROOT)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    process.wait()


def _state() -> dict[Path, int]:
    """When each watched file was last changed, in nanoseconds."""
    found = (path for pattern in WATCHED for path in ROOT.glob(pattern))
    return {path: path.stat().st_mtime_ns for path in found}


def _wait_for(server: subprocess.Popen[bytes], port: int) -> None:
    """Returns when the server listens, or has ended with its own message."""
    while server.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(LOOK_EVERY_S / 5)
