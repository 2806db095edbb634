import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_feature_keeps_its_layers() -> None:
    configuration = tomllib.loads((ROOT / "pyproject.toml").read_text())
    contracts = configuration["tool"]["importlinter"]["contracts"]
    (inside,) = (contract for contract in contracts if contract["name"] == "The layers inside a feature")
    features = {f"server.{model.parent.name}" for model in (ROOT / "server").glob("*/model.py")}
    assert features <= set(inside["containers"])
