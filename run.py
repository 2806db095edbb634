#!/usr/bin/env python3
"""The one entry: builds what is missing, then serves, tests or measures. `python3 run.py help` tells more.

Needs Python 3.11 and pip, nothing else. Everything is made below this folder and made again only when its
inputs changed. Any Python 3 has to be able to read this file, so that an old one meets a sentence.
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - any `python3` reads this file
    found = f"{sys.executable}: Python {sys.version.split()[0]}"
    sys.exit(f"需要 Python 3.11 或更高版本 · Python 3.11 or newer is needed\n{found}")

from workbench.commands import main

if __name__ == "__main__":
    main(sys.argv[1:])
