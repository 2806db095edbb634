from pathlib import Path

import pytest

from workbench.commands import main, with_absolute_data_dir


@pytest.mark.parametrize("given", [["--data-dir", "there"], ["--data-dir=there"]])
def test_a_data_directory_is_meant_from_where_the_caller_stands(
    given: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (*_, last) = with_absolute_data_dir([*given])
    assert last.removeprefix("--data-dir=") == str(tmp_path / "there")


def test_an_unknown_command_is_answered_with_those_that_exist(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["nonsense"])
    assert "python3 run.py test" in capsys.readouterr().err
