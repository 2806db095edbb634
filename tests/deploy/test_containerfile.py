"""`deploy/Containerfile`: its steps find what they name, and the image holds the source offer and no more."""

import io
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

from server.http.source import pack
from tests.deploy.composed import DEPLOY, composed
from workbench.places import ROOT

STEPS = re.sub(r"\\\n", " ", (DEPLOY / "Containerfile").read_text("utf-8"))
STAGES = dict(re.findall(r"^FROM \S+ AS (\w+)\n(.*?)(?=^FROM |\Z)", STEPS, re.MULTILINE | re.DOTALL))


def copied(stage: str) -> list[str]:
    """What a stage takes from the repository."""
    copies = re.findall(r"^COPY (?!--from)(.+) \S+$", STAGES[stage], re.MULTILINE)
    return [name for each in copies for name in each.split()]


def test_each_image_of_the_compose_file_has_its_stage() -> None:
    services = composed()["services"].values()
    assert {each["build"]["target"] for each in services if "build" in each} == STAGES.keys() - {"build"}


def test_every_step_copies_what_is_there() -> None:
    assert STAGES.keys() == {"build", "product", "proxy", "turn"}
    missing = [name for stage in STAGES for name in copied(stage) if not (ROOT / name).exists()]
    assert missing == []


def test_the_build_starts_with_what_is_copied_for_it(tmp_path: Path) -> None:
    ignored = shutil.ignore_patterns("node_modules", "dist", "__pycache__")
    for name in copied("build"):
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, tmp_path / name, ignore=ignored)
        else:
            shutil.copy(ROOT / name, tmp_path / name)
    (command,) = re.findall(r"python3 run\.py (\w+)", STAGES["build"])
    helped = subprocess.run(
        (sys.executable, "run.py", "help"), cwd=tmp_path, capture_output=True, text=True, check=True
    ).stdout
    assert f"python3 run.py {command} " in helped


def test_the_image_is_let_have_what_the_source_offer_holds() -> None:
    with tarfile.open(fileobj=io.BytesIO(pack(ROOT))) as archive:
        offered = {name.split("/")[1] for name in archive.getnames()}
    lines = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    let_in = {line[1:] for line in lines if line.startswith("!")}
    assert lines[1] == "*"
    assert {name for name in let_in if "/" not in name} == offered


def test_nobody_in_an_image_is_root() -> None:
    for stage in STAGES.keys() - {"build"}:
        assert re.findall(r"^USER (\S+)$", STAGES[stage], re.MULTILINE)[-1].partition(":")[0] in {
            "10001",
            "10002",
        }
