"""Every test of what is stored runs on each engine."""

from pathlib import Path

import pytest

from storage.head_files import HeadFiles
from tests.databases import Engine


@pytest.fixture(params=tuple(Engine))
def engine(request: pytest.FixtureRequest) -> Engine:
    return Engine(request.param)


@pytest.fixture
def heads(tmp_path: Path) -> HeadFiles:
    """No head exported yet."""
    return HeadFiles(tmp_path / "heads")
