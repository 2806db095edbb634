"""An S3 server of the tests' own: SeaweedFS, from PyPI, gone with who started it."""

import io
import json
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from random import randint

import urllib3
from minio import Minio
from minio.error import MinioException

from tests.until import until

_TRIES = 5
_KEY, _SECRET, _BUCKET = "lianbian", "secret-of-the-tests", "lianbian"


def _free_port() -> int:
    """Returns a free port whose number plus 10,000, at which each part listens too, is one and is free."""
    while True:
        port = randint(20_000, 30_000)  # noqa: S311 - a number, not a secret
        try:
            for number in (port, port + 10_000):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", number))
        except OSError:
            continue
        return port


def _choose_ports() -> dict[str, int]:
    return {name: _free_port() for name in ("master", "volume", "filer", "s3")}


class SeaweedServer:
    """One server on an empty folder of its own."""

    def __init__(self) -> None:
        """Makes the folder."""
        self._folder = Path(tempfile.mkdtemp(prefix="lianbian-seaweed-"))
        self._process: subprocess.Popen[bytes] | None = None
        self._ports = _choose_ports()
        self._has_url = False
        """Whether somebody may know its address already."""
        credentials = [{"accessKey": _KEY, "secretKey": _SECRET}]
        identity = {"name": _KEY, "credentials": credentials, "actions": ["Admin", "Read", "Write", "List"]}
        (self._folder / "s3.json").write_text(json.dumps({"identities": [identity]}))

    @property
    def url(self) -> str:
        """The address of the bucket, as an operator would write it."""
        return f"http://{_KEY}:{_SECRET}@127.0.0.1:{self._ports['s3']}/{_BUCKET}"

    async def start(self) -> None:
        """Starts it and waits until it answers; where somebody took a port meanwhile, tries again."""
        for _ in range(_TRIES):
            self._process = self._launch()
            await until(lambda: self._has_ended() or self._answers(), within_s=90)
            if not self._has_ended():
                self._has_url = True
                return
            if not self._has_url:
                self._ports = _choose_ports()
        raise AssertionError((self._folder / "log").read_text())

    def _launch(self) -> subprocess.Popen[bytes]:
        ports = (f"-{name}.port={port}" for name, port in self._ports.items())
        with (self._folder / "log").open("wb") as log:
            return subprocess.Popen(
                (
                    *(str(Path(sys.executable).parent / "weed"), "server", f"-dir={self._folder}"),
                    *("-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-filer", "-s3", *ports),
                    *(f"-s3.config={self._folder / 's3.json'}", "-s3.port.iceberg=0", "-s3.port.lance=0"),
                    *("-volume.max=8", "-master.volumeSizeLimitMB=64"),
                ),
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self._folder,
            )

    def kill(self) -> None:
        """Ends it at once; an orderly end takes it 20 seconds."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        self._process = None

    def freeze(self) -> None:
        """Has it keep its connections and answer nothing, as behind a broken network."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Has it answer again."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def empty(self) -> None:
        """Removes every object."""
        client = self._client()
        for each in client.list_objects(_BUCKET, recursive=True):
            client.remove_object(_BUCKET, str(each.object_name))

    def remove(self) -> None:
        """Ends it, if it still runs, and removes its folder."""
        if self._process is not None:
            self.kill()
        shutil.rmtree(self._folder)

    def _has_ended(self) -> bool:
        return self._process is None or self._process.poll() is not None

    def _answers(self) -> bool:
        client = self._client()
        try:
            if not client.bucket_exists(_BUCKET):
                client.make_bucket(_BUCKET)
            # It takes buckets before it has room for what is in them.
            client.put_object(_BUCKET, "probe", io.BytesIO(b"?"), 1)
        except (MinioException, urllib3.exceptions.HTTPError):
            return False
        return True

    def _client(self) -> Minio:
        return Minio(
            f"127.0.0.1:{self._ports['s3']}",
            access_key=_KEY,
            secret_key=_SECRET,
            secure=False,
            http_client=urllib3.PoolManager(timeout=2, retries=False),
        )
