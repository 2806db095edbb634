from pathlib import Path

import pytest

from storage.key_file import key_in, read_key


def test_the_key_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "log.key"
    made = key_in(path)
    assert (key_in(path), len(made)) == (made, 32)
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_a_file_that_holds_no_key_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "log.key"
    path.write_bytes(b"short")
    with pytest.raises(ValueError, match=r"log\.key"):
        key_in(path)


def test_who_only_reads_makes_no_key(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "log.key"
    with pytest.raises(ValueError, match=r"log\.key"):
        read_key(path)
    assert not path.parent.exists()
