"""`python -m server`, with a clock that is off by the seconds that a file says; it is asked each time.

The product reads the time of day through one port, so that it is put off there. libfaketime, which does so
for the whole process, now and then locks itself up when a process of several threads starts another.
"""

import os
from datetime import datetime, timedelta
from pathlib import Path
from unittest.mock import patch

from server.cli import main
from server.kernel.clock import SystemClock

FILE = "OFF_CLOCK_FILE"
"""The environment variable that names the file."""


_right = SystemClock.now


def _off(clock: SystemClock) -> datetime:
    return _right(clock) + timedelta(seconds=int(Path(os.environ[FILE]).read_text(encoding="ascii") or 0))


if __name__ == "__main__":
    with patch.object(SystemClock, "now", _off):
        main()
