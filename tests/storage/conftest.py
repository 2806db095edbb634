"""Every test of what is stored runs on each engine."""

import pytest

from tests.databases import Engine


@pytest.fixture(params=tuple(Engine))
def engine(request: pytest.FixtureRequest) -> Engine:
    return Engine(request.param)
