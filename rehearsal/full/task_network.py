"""Addresses of tasks: awsvpc gives each its own, here a network namespace with a veth pair to one bridge.

Only inside a private network namespace: everything here ends with it.
"""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path

from rehearsal.events import RehearsalError

BRIDGE = "rehearsal0"
GATEWAY = "10.200.0.1"
_BITS = 16
_INSIDE = f"""\
link set lo up
address add {{address}}/{_BITS} dev eth0
link set eth0 up
route add default via {GATEWAY}
"""
_LIMIT = 30.0  # seconds for a command; a hundredth on a quiet machine


@dataclass(frozen=True)
class Interface:
    """The network of one task."""

    namespace: Path
    address: str
    link: str  # its end at the bridge

    def remove(self) -> None:
        """Take the address from the network; what still runs in the namespace is cut off."""
        _run(["ip", "link", "delete", self.link], quietly=True)
        _run(["umount", "--lazy", str(self.namespace)], quietly=True)
        self.namespace.unlink(missing_ok=True)


def create_bridge() -> None:
    """Make the bridge, from which every task is reached.

    Raises:
        RehearsalError: there is one already, or this process may not.
    """
    for words in (
        ["ip", "link", "add", BRIDGE, "type", "bridge"],
        ["ip", "address", "add", f"{GATEWAY}/{_BITS}", "dev", BRIDGE],
        ["ip", "link", "set", BRIDGE, "up"],
    ):
        _run(words)


def link_name(address: str) -> str:
    """The name of an address's link, which may be 15 characters long.

    Raises:
        RehearsalError: the address is not one for tasks.
    """
    try:
        number = int(IPv4Address(address)) - int(IPv4Address("10.200.0.0"))
    except ValueError as error:
        raise RehearsalError(f"{address} is no IPv4 address") from error
    if not 1 < number < 2 ** (32 - _BITS) - 1:
        raise RehearsalError(f"{address} is no address for a task: 10.200.0.2 to 10.200.255.254")
    return f"task{number:05d}"


def attach(namespace: Path, address: str) -> Interface:
    """Make a network namespace with the address, at the bridge.

    Args:
        namespace: a file that does not exist; the namespace is bound to it.
        address: one in the bridge's network, not in use.

    Raises:
        RehearsalError: the address is in use or no such address.
    """
    interface = Interface(namespace, address, link_name(address))
    namespace.touch(exist_ok=False)
    try:
        _run(["unshare", f"--net={namespace}", "true"])
        # Under its name in the namespace from the start: renaming takes another command.
        peer = ["peer", "name", "eth0", "netns", str(namespace)]
        _run(["ip", "link", "add", interface.link, "type", "veth", *peer])
        _run(["ip", "link", "set", interface.link, "master", BRIDGE, "up"])
        _run(["nsenter", f"--net={namespace}", "ip", "-batch", "-"], _INSIDE.format(address=address))
    except RehearsalError:
        _run(["umount", "--lazy", str(namespace)], quietly=True)
        namespace.unlink(missing_ok=True)
        raise
    return interface


def _run(words: list[str], text: str = "", *, quietly: bool = False) -> None:
    try:
        done = subprocess.run(words, input=text, capture_output=True, text=True, timeout=_LIMIT, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise RehearsalError(f"{' '.join(words)}: {error}") from error
    if done.returncode and not quietly:
        raise RehearsalError(f"{' '.join(words)} failed: {done.stderr[-500:].strip()}")
