import asyncio
import os
import signal
import sys
from pathlib import Path

from structlog.testing import capture_logs

from server.supervisor import Child, supervised
from tests.until import until

NOTES_ITS_PID = (
    "import os, sys, pathlib; pathlib.Path(sys.argv[1], str(os.getpid())).touch(); sys.stdin.read()"
)


def _child(folder: Path) -> Child:
    return Child("noter", (sys.executable, "-c", NOTES_ITS_PID, str(folder)))


def _pids(folder: Path) -> set[int]:
    return {int(path.name) for path in folder.iterdir()}


def _runs(pid: int) -> bool:
    """Tells whether the process goes on; in a container, what has ended may never be reaped."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


async def test_a_child_that_dies_is_started_again(tmp_path: Path) -> None:
    async with supervised([_child(tmp_path)]):
        await until(lambda: len(_pids(tmp_path)) == 1)
        (first,) = _pids(tmp_path)
        os.kill(first, signal.SIGKILL)
        await until(lambda: len(_pids(tmp_path)) == 2)
        (second,) = _pids(tmp_path) - {first}
        assert _runs(second)


async def test_a_child_that_cant_be_started_is_started_later(tmp_path: Path) -> None:
    pids, program = tmp_path / "pids", tmp_path / "program"
    pids.mkdir()
    noter = Child("noter", (str(program), "-c", NOTES_ITS_PID, str(pids)))
    with capture_logs() as said:
        async with supervised([noter]):
            await until(lambda: "can't be started" in str(said))
            program.symlink_to(sys.executable)
            await until(lambda: len(_pids(pids)) == 1)


async def test_no_child_outlives_the_block(tmp_path: Path) -> None:
    async with supervised([_child(tmp_path)]):
        await until(lambda: len(_pids(tmp_path)) == 1)
        (pid,) = _pids(tmp_path)
    assert not _runs(pid)


async def test_a_child_ends_when_its_parent_is_killed_without_warning(tmp_path: Path) -> None:
    parent = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        "import asyncio, sys, pathlib, server.supervisor as it, tests.unit.test_supervisor as here\n"
        "async def main():\n"
        "    async with it.supervised([here._child(pathlib.Path(sys.argv[1]))]):\n"
        "        await asyncio.Event().wait()\n"
        "asyncio.run(main())",
        str(tmp_path),
    )
    await until(lambda: len(_pids(tmp_path)) == 1)
    (child,) = _pids(tmp_path)
    parent.kill()
    await parent.wait()
    await until(lambda: not _runs(child))
