import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_layers_of_every_feature_are_checked() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layered = {
        container
        for contract in contracts
        if contract.get("exhaustive")
        for container in contract["containers"]
    }
    features = {f"server.{model.parent.name}" for model in (ROOT / "server").glob("*/model.py")}
    assert features
    assert features <= layered
