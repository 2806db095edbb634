import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from workbench import steps
from workbench.steps import Command, Step, advise


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(steps, "ROOT", tmp_path)
    monkeypatch.setattr(steps, "CACHE", tmp_path / ".cache")
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "a.txt").write_text("one")
    return tmp_path


def building(project: Path, program: str = "") -> Step:
    def commands() -> Iterator[Command]:
        yield Command((sys.executable, "-c", program), folder=project)

    return Step("building", project / "output", (project / "source",), commands)


def test_a_step_is_current_until_an_input_changes(project: Path) -> None:
    step = building(project)
    assert not step.is_current()
    step.run()
    assert step.is_current()
    (project / "source" / "b.txt").write_text("two")
    assert not step.is_current()


def test_a_step_whose_output_was_deleted_is_not_current(project: Path) -> None:
    step = building(project)
    step.run()
    (project / "output" / ".stamp").unlink()
    (project / "output").rmdir()
    assert not step.is_current()


def test_a_step_that_fails_ends_the_run_and_counts_as_never_made(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    building(project).run()
    with pytest.raises(SystemExit, match="1"):
        building(project, "raise SystemExit('No space left on device')").run()
    assert not building(project).is_current()
    told = capsys.readouterr()
    assert "磁盘空间不足" in told.err
    assert "The disk is full" in told.err
    assert not told.out, "standard output belongs to what is run"


@pytest.mark.parametrize(
    ("output", "advice"),
    [
        ("write error: No space left on device", "disk is full"),
        ("npm error code ENOSPC", "disk is full"),
        ("/usr/bin/python3: No module named pip", "pip is missing"),
        ("THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE", "not the locked one"),
        (
            "Could not find a version that satisfies the requirement uv (from versions: none)",
            "download failed",
        ),
        ("npm error code EAI_AGAIN", "download failed"),
        ("No matching distribution found for uv==0.13.9", "No prebuilt package"),
        ("[Errno 13] Permission denied: '.cache'", "No permission"),
    ],
)
def test_a_failure_is_explained_by_its_sign(
    output: str, advice: str, capsys: pytest.CaptureFixture[str]
) -> None:
    advise(output)
    assert advice in capsys.readouterr().err
