"""Starts a command whose file-changing system calls have to be answered by who holds the other end of a socket.

    python -I -S launcher.py SOCKET|- COMMAND…

With `-` nothing has to be answered; either way, permissions of files hold for the command even if it is root's.
A seccomp filter hands these calls to a listener, which goes through the socket. Needs no privilege.
https://www.kernel.org/doc/html/latest/userspace-api/seccomp_filter.html
"""

from __future__ import annotations

import ctypes
import os
import platform
import socket
import struct
import sys

# Numbers by machine: https://github.com/torvalds/linux/blob/master/arch/x86/entry/syscalls/syscall_64.tbl and
# https://github.com/torvalds/linux/blob/master/include/uapi/asm-generic/unistd.h
CALLS: dict[str, dict[str, tuple[int, ...]]] = {
    "x86_64": {
        "write": (1, 18, 20),
        "open": (2, 257, 85, 437),
        "rename": (82, 264),
        "exchange": (316,),
        "mkdir": (83, 258),
        "rmdir": (84,),
        "link": (86, 265),
        "symlink": (88, 266),
        "unlink": (87, 263),
        "lock": (73,),
        "other": (76, 77, 90, 91, 268, 92, 93, 94, 260, 280, 326, 40, 285, 188, 189, 190),
    },
    "aarch64": {
        "write": (64, 66, 68),
        "open": (56, 437),
        "rename": (38,),
        "exchange": (276,),
        "mkdir": (34,),
        "link": (37,),
        "symlink": (36,),
        "unlink": (35,),
        "lock": (32,),
        "other": (45, 46, 52, 53, 54, 55, 88, 285, 71, 47, 5, 6, 7),
    },
}
SECCOMP = {"x86_64": 317, "aarch64": 277}
# Word of the call's arguments that tells whether it changes anything: jump code, byte offset, value.
_FLAGS = {
    **dict.fromkeys((257, 56), (0x45, 32, os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC)),
    2: (0x45, 24, os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC),
}
_BEYOND_ERRORS = (0x25, 16, 2)  # a file, not the standard streams
_LOAD, _EQUAL, _RETURN = 0x20, 0x15, 0x06
_ASK, _ALLOW = 0x7FC00000, 0x7FFF0000
_NO_NEW_PRIVILEGES, _SET_FILTER = 38, 1
_NEW_LISTENER, _WAIT_KILLABLE = (
    8,
    32,
)  # the second, of Linux 5.19, lets a signal come with the call and not instead of it
_DROP_FROM_BOUNDS = 24
_OVERRIDE = (1, 2, 3)  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_FOWNER


class Program(ctypes.Structure):
    """struct sock_fprog."""

    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def program() -> bytes:
    """The filter: ask about calls that change files, allow all else."""
    found = [(_LOAD, 0, 0, 0)]
    for name, numbers in CALLS[platform.machine()].items():
        for number in numbers:
            word = _BEYOND_ERRORS if name == "write" else _FLAGS.get(number) if name == "open" else None
            if word is None:
                found += [(_EQUAL, 0, 1, number), (_RETURN, 0, 0, _ASK)]
            else:
                jump, offset, value = word
                found += [(_EQUAL, 0, 4, number), (_LOAD, 0, 0, offset), (jump, 0, 1, value)]
                found += [(_RETURN, 0, 0, _ASK), (_RETURN, 0, 0, _ALLOW)]
    found.append((_RETURN, 0, 0, _ALLOW))
    return b"".join(struct.pack("HBBI", *line) for line in found)


def listen() -> int:
    """Put the filter on; the listener's descriptor.

    Raises:
        OSError: this kernel, or what this runs in, doesn't let us.
    """
    library = ctypes.CDLL(None, use_errno=True)
    library.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    lines = program()
    filtered = Program(len(lines) // 8, lines)
    found = library.syscall(
        SECCOMP[platform.machine()], _SET_FILTER, _NEW_LISTENER | _WAIT_KILLABLE, ctypes.byref(filtered)
    )
    if found < 0:
        raise OSError(ctypes.get_errno(), "seccomp")
    return int(found)


def obey_permissions() -> None:
    """Let permissions of files hold for root, too."""
    if os.geteuid() == 0:
        library = ctypes.CDLL(None)
        for capability in _OVERRIDE:
            library.prctl(_DROP_FROM_BOUNDS, capability, 0, 0, 0)


def main(end: str, *command: str) -> None:
    """Become the command."""
    obey_permissions()
    if end != "-":
        with socket.socket(fileno=int(end)) as other:
            socket.send_fds(other, [b"-"], [listen()])
    os.execv(command[0], command)


if __name__ == "__main__":
    main(*sys.argv[1:])
