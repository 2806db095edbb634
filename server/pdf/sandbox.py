"""Takes away from a process whatever opening one document does not need (Linux).

Resource limits always; Landlock (only the one file can be read, nothing written, no TCP) and an empty
network namespace where the kernel grants them. Parsers of hostile documents must be assumed to be taken
over one day: what they can then reach is the document itself.
"""

import ctypes
import os
import resource
import signal
import struct
from dataclasses import dataclass
from pathlib import Path

MEMORY_BYTES = 1 << 30
CPU_S = 240

_PR_SET_PDEATHSIG = 1
_PR_SET_NO_NEW_PRIVS = 38
_CLONE_NEWUSER = 0x10000000
_CLONE_NEWNET = 0x40000000
_SYS_LANDLOCK_CREATE_RULESET = 444
_SYS_LANDLOCK_ADD_RULE = 445
_SYS_LANDLOCK_RESTRICT_SELF = 446
_LANDLOCK_CREATE_RULESET_VERSION = 1
_LANDLOCK_RULE_PATH_BENEATH = 1
_LANDLOCK_READ_FILE = 1 << 2
_FS_RIGHTS_BY_ABI = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 4: (1 << 15) - 1}
_FS_RIGHTS_NEWEST = (1 << 16) - 1
_ABI_WITH_NETWORK = 4
_ABI_WITH_SCOPES = 6


@dataclass(frozen=True, slots=True)
class Confinement:
    """What the kernel granted."""

    files: bool
    """Only the document can be opened."""
    network: bool
    """There is no network."""


def die_with_parent() -> None:
    """Have the kernel kill this process when its parent is gone, however it went."""
    _libc().prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def confine(document: Path) -> Confinement:
    """Give up everything but reading `document` and the pipes already open; there is no way back."""
    network = _leave_network()
    _libc().prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    files = _restrict_files(document)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    return Confinement(files=files, network=network)


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _leave_network() -> bool:
    libc = _libc()
    return any(libc.unshare(flags) == 0 for flags in (_CLONE_NEWNET, _CLONE_NEWUSER | _CLONE_NEWNET))


def _restrict_files(document: Path) -> bool:
    """Apply Landlock (kernel Documentation/userspace-api/landlock.rst)."""
    libc = _libc()
    abi = libc.syscall(_SYS_LANDLOCK_CREATE_RULESET, None, 0, _LANDLOCK_CREATE_RULESET_VERSION)
    if abi < 1:
        return False
    fields = [_FS_RIGHTS_BY_ABI.get(abi, _FS_RIGHTS_NEWEST)]
    if abi >= _ABI_WITH_NETWORK:
        fields.append(0b11)  # bind and connect of TCP
    if abi >= _ABI_WITH_SCOPES:
        fields.append(0b11)  # abstract unix sockets and signals stay within
    rights = struct.pack(f"={len(fields)}Q", *fields)
    ruleset = libc.syscall(_SYS_LANDLOCK_CREATE_RULESET, rights, len(rights), 0)
    if ruleset < 0:
        return False
    path = os.open(document, os.O_PATH | os.O_CLOEXEC)
    rule = struct.pack("=Qi", _LANDLOCK_READ_FILE, path)
    try:
        added = libc.syscall(_SYS_LANDLOCK_ADD_RULE, ruleset, _LANDLOCK_RULE_PATH_BENEATH, rule, 0)
        return bool(added == 0 and libc.syscall(_SYS_LANDLOCK_RESTRICT_SELF, ruleset, 0) == 0)
    finally:
        os.close(path)
        os.close(ruleset)
