import os
from pathlib import Path

import pytest

from storage.dumps import dump

TELL = '#!/bin/sh\nprintf "%s\\n" "$PGPASSWORD" "$@" > "$TOLD"\n'


def test_the_databases_password_reaches_the_dump_and_stands_on_no_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program, told = tmp_path / "pg_dump", tmp_path / "told"
    program.write_text(TELL, encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("TOLD", str(told))
    dump("postgresql://lianbian:p%40ss@db.example:5433/lianbian?sslmode=verify-full", tmp_path)
    shown, *arguments = told.read_text(encoding="utf-8").splitlines()
    assert shown == "p@ss"
    assert "--dbname=postgresql://lianbian@db.example:5433/lianbian?sslmode=verify-full" in arguments
