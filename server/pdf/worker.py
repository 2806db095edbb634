"""The render process: `python -m server.pdf.worker`, fed through its standard input.

It greets, waits for one document, confines itself to that document, and prepares pages until its input
ends. One process sees one document only. It also gives out MuPDF's Chinese font, before any document.
"""

import json
import os
import sys
from pathlib import Path
from typing import BinaryIO

import pymupdf
from PIL import Image

from server.pdf import wire
from server.pdf.document import Document
from server.pdf.manifest import DocumentRefused, PageRefused
from server.pdf.sandbox import Confinement, confine, die_with_parent


def main() -> None:
    """Answer commands until the input ends."""
    die_with_parent()
    Image.preinit()  # its encoders are looked for at first use, when the disk is out of reach
    answers, commands = _private_pipes()
    answers.write(wire.encode({"hello": os.getpid()}))
    answers.flush()
    document: Document | None = None
    for line in commands:
        command = json.loads(line)
        match command:
            case {"font": _}:
                frame = wire.encode({"font": True}, pymupdf.Font("cjk").buffer)
            case {"open": str(path)}:
                document, frame = _open(Path(path))
            case {"page": int(number)} if document is not None:
                frame = _prepare(document, number)
            case _:
                return
        answers.write(frame)
        answers.flush()


def _private_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Keep the pipes to ourselves: a library that prints must not garble the answers."""
    answers = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    os.close(nowhere)
    return answers, sys.stdin.buffer


def _open(lent: Path) -> tuple[Document | None, bytes]:
    # It may have no name but the parent's descriptor, which the confined can't look up.
    path = Path(f"/proc/self/fd/{os.open(lent, os.O_RDONLY | os.O_CLOEXEC)}")
    granted = confine(path)
    try:
        document = Document(path)
    except DocumentRefused as refused:
        return None, wire.encode({"refused": refused.problem.value, **_granted(granted)})
    return document, wire.encode({**wire.document_head(document.info), **_granted(granted)})


def _prepare(document: Document, number: int) -> bytes:
    try:
        page = document.prepare(number)
    except PageRefused as refused:
        return wire.encode({"refused": refused.problem.value})
    return wire.encode(wire.page_head(page), page.image)


def _granted(granted: Confinement) -> dict[str, bool]:
    return {"files_confined": granted.files, "network_confined": granted.network}


if __name__ == "__main__":
    main()
