"""What a process says of itself goes to standard error, or is lost."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from server.process_log import log_to_standard_error

SAYS = r"""
import structlog
from server.process_log import log_to_standard_error
log_to_standard_error("INFO")
for _ in range(3):
    structlog.get_logger().warning("said", by="a\nlevel='error' event='forged'")
print("went on")
"""


def said(to: str) -> str:
    with Path(to).open("w") as errors:
        return subprocess.run(
            (sys.executable, "-c", SAYS), stdout=subprocess.PIPE, stderr=errors, check=False, text=True
        ).stdout


def test_an_event_is_a_line(tmp_path: Path) -> None:
    file = tmp_path / "errors"
    assert said(str(file)) == "went on\n"
    lines = file.read_text().splitlines()
    assert [line.count("event='said'") for line in lines] == [1, 1, 1], "whatever people wrote"
    assert all(re.match(r"timestamp='[-0-9]{10}T[0-9:.]+Z' level='warning' ", line) for line in lines)


def test_a_full_disk_below_the_log_stops_nothing() -> None:
    assert said("/dev/full") == "went on\n"


def test_a_severity_that_is_none_names_its_variable() -> None:
    with pytest.raises(ValueError, match="LIANBIAN_LOG_LEVEL"):
        log_to_standard_error("LOUD")
