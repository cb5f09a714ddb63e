"""What a container runtime is told of a container: the runtime specification of a container definition and its image.

https://github.com/opencontainers/runtime-spec/blob/v1.0.2/config.md
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html
"""

from __future__ import annotations

import resource
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rehearsal.events import Events, NotRehearsedError, RehearsalError

INIT = "/dev/init"  # where an init process is: /dev can be written to even in a read-only container
Json = dict[str, Any]

# Docker's defaults, which ECS has too.
# https://docs.docker.com/engine/containers/run/#runtime-privilege-and-linux-capabilities
_CAPABILITIES = (
    *("AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE", "NET_RAW"),
    *("SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT"),
)
_MASKED = ("acpi", "asound", "kcore", "keys", "latency_stats", "timer_list", "timer_stats", "sched_debug", "scsi")
_READ_ONLY = ("bus", "fs", "irq", "sys", "sysrq-trigger")
_SAFE = ["nosuid", "noexec", "nodev"]
_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# Done here, or by who starts containers (secrets, health checks, when to stop, dependencies).
_PLAYED = frozenset(
    {
        *("name", "image", "essential", "user", "readonlyRootFilesystem", "linuxParameters", "environment", "secrets"),
        *("command", "entryPoint", "workingDirectory", "dockerLabels", "stopTimeout", "portMappings", "ulimits"),
        *("healthCheck", "logConfiguration", "systemControls", "mountPoints"),
    }
)
_LINUX = frozenset({"initProcessEnabled", "capabilities", "tmpfs", "sharedMemorySize"})
_LIMITS = "containers run without control groups: no limit holds them"
_WHY = dict.fromkeys(("cpu", "memory", "memoryReservation"), _LIMITS)


@dataclass(frozen=True)
class Image:
    """What a container gets from its image."""

    digest: str
    root: Path  # its files, mounted
    config: Mapping[str, Any]  # https://github.com/opencontainers/image-spec/blob/main/config.md

    @property
    def stop_signal(self) -> signal.Signals:
        """How it wants to be stopped: a name or a number in the image.

        Raises:
            RehearsalError: there is no such signal.
        """
        said = str(self.config.get("StopSignal") or "SIGTERM")
        try:
            return signal.Signals(int(said)) if said.isdecimal() else signal.Signals[f"SIG{said.removeprefix('SIG')}"]
        except (KeyError, ValueError) as error:
            raise RehearsalError(f"the image's STOPSIGNAL is {said}") from error


@dataclass(frozen=True)
class Place:
    """Where a container runs."""

    root: Path  # its own file system, over the image's
    network: Path  # its network namespace
    address: str

    @property
    def hostname(self) -> str:
        """As tasks have it in a VPC."""
        return f"ip-{self.address.replace('.', '-')}"


def missing(definition: Mapping[str, Any], events: Events) -> None:
    """Say what ECS would do with a container definition and is not done here."""
    linux = definition.get("linuxParameters", {})
    left_out = [key for key, value in definition.items() if value and key not in _PLAYED]
    left_out += [f"linuxParameters.{key}" for key, value in linux.items() if value and key not in _LINUX]
    for key in left_out:
        events.not_rehearsed(f"{key} of containers", _WHY.get(key, "a rehearsal's containers have no such thing"))
    if definition.get("mountPoints"):
        events.not_rehearsed("volumes of containers", "each mount point is an empty file system of its own")


def build(definition: Mapping[str, Any], environment: Mapping[str, str], image: Image, place: Place) -> Json:
    """The runtime's configuration.

    Args:
        definition: as `describe-task-definition` answers it.
        environment: more variables: those with values of secrets.
        image: the container's.
        place: where it runs.

    Raises:
        RehearsalError: the user is not in the image, or there is nothing to run.
        NotRehearsedError: a rehearsal cannot do what the definition asks for.
    """
    linux = definition.get("linuxParameters", {})
    first = [INIT, "--"] if linux.get("initProcessEnabled") else []
    mounts = [*_mounts(linux), *_volumes(definition)]
    if first:
        # Debian's catatonit; Docker has tini. Both pass signals on and reap children.
        mounts.append({"destination": INIT, "type": "bind", "source": "/usr/bin/catatonit", "options": ["bind", "ro"]})
    paths = [f"/proc/{name}" for name in _MASKED]
    return {
        "ociVersion": "1.0.2",
        "process": {
            "terminal": False,
            "user": _user(str(definition.get("user") or image.config.get("User") or "0"), image.root),
            "args": [*first, *_command(definition, image.config)],
            "env": _environment(definition, {"HOSTNAME": place.hostname, **environment}, image.config),
            "cwd": definition.get("workingDirectory") or image.config.get("WorkingDir") or "/",
            "capabilities": _capabilities(definition, image),
            "rlimits": [_limit(limit) for limit in definition.get("ulimits", [])],
            "noNewPrivileges": False,
        },
        "root": {"path": str(place.root), "readonly": bool(definition.get("readonlyRootFilesystem"))},
        "hostname": place.hostname,
        "mounts": mounts,
        "annotations": dict(definition.get("dockerLabels", {})),
        "linux": {
            "namespaces": [
                *({"type": kind} for kind in ("pid", "ipc", "uts", "mount")),
                {"type": "network", "path": str(place.network)},
            ],
            "sysctl": {item["namespace"]: item["value"] for item in definition.get("systemControls", [])},
            "maskedPaths": [*paths, "/sys/firmware"],
            "readonlyPaths": [f"/proc/{name}" for name in _READ_ONLY],
        },
    }


def _command(definition: Mapping[str, Any], config: Mapping[str, Any]) -> list[str]:
    # As Docker does it: another entry point does not get the image's command.
    entry = definition.get("entryPoint")
    words = [*(entry or config.get("Entrypoint") or [])]
    words += definition.get("command") or ([] if entry else config.get("Cmd") or [])
    if not words:
        raise RehearsalError(f"{definition['name']}: neither its definition nor its image has a command")
    return words


def _environment(definition: Mapping[str, Any], environment: Mapping[str, str], config: Mapping[str, Any]) -> list[str]:
    values = dict(item.split("=", 1) for item in [_PATH, *(config.get("Env") or [])])
    values |= {item["name"]: item["value"] for item in definition.get("environment", [])} | dict(environment)
    return [f"{name}={value}" for name, value in values.items()]


def _capabilities(definition: Mapping[str, Any], image: Image) -> Json:
    changed = definition.get("linuxParameters", {}).get("capabilities", {})
    dropped, added = (set(changed.get(key) or []) for key in ("drop", "add"))
    if "ALL" in added:
        raise NotRehearsedError(f"{definition['name']}: capabilities: ALL is not added in a rehearsal")
    kept = [name for name in _CAPABILITIES if "ALL" not in dropped and name not in dropped]
    names = [f"CAP_{name}" for name in sorted({*kept, *added})]
    user = _user(str(definition.get("user") or image.config.get("User") or "0"), image.root)
    # They come with a program's file or with root, not with just any user.
    held = names if user["uid"] == 0 else []
    return {"bounding": names, "effective": held, "permitted": held, "inheritable": []}


def _mounts(linux: Mapping[str, Any]) -> list[Json]:
    shared = linux.get("sharedMemorySize") or 64  # MiB
    device = ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"]
    found = [
        _mount("/proc", "proc", _SAFE),
        _mount("/dev", "tmpfs", ["nosuid", "strictatime", "mode=755", "size=65536k"]),
        _mount("/dev/pts", "devpts", device),
        _mount("/dev/shm", "tmpfs", [*_SAFE, "mode=1777", f"size={shared}m"]),
        _mount("/dev/mqueue", "mqueue", _SAFE),
        _mount("/sys", "sysfs", [*_SAFE, "ro"]),
    ]
    for item in linux.get("tmpfs", []):
        options = [*_SAFE, *(item.get("mountOptions") or []), f"size={item['size']}m"]
        found.append(_mount(item["containerPath"], "tmpfs", options))
    return found


def _volumes(definition: Mapping[str, Any]) -> list[Json]:
    return [
        _mount(item["containerPath"], "tmpfs", ["ro" if item.get("readOnly") else "rw"])
        for item in definition.get("mountPoints", [])
    ]


def _mount(destination: str, kind: str, options: Sequence[str]) -> Json:
    return {"destination": destination, "type": kind, "source": kind, "options": list(options)}


def _limit(limit: Mapping[str, Any]) -> Json:
    """A limit, within what this process may set."""
    _, most = resource.getrlimit(getattr(resource, f"RLIMIT_{str(limit['name']).upper()}"))
    hard = _least(int(limit["hardLimit"]), most)
    return {
        "type": f"RLIMIT_{str(limit['name']).upper()}",
        "hard": hard,
        "soft": _least(int(limit["softLimit"]), hard),
    }


def _least(wanted: int, most: int) -> int:
    return wanted if most == resource.RLIM_INFINITY else min(wanted, most)


def _user(text: str, root: Path) -> Json:
    """Numbers of `USER[:GROUP]`, looked up in the image where they are names."""
    user, _, group = text.partition(":")
    known = _entry(root / "etc/passwd", user)
    if known is None and not user.isdecimal():
        raise RehearsalError(f"user {text}: the image has no user {user}")
    uid = int(user) if user.isdecimal() else int((known or [])[2])
    if not group:
        return {"uid": uid, "gid": int(known[3]) if known else 0}
    if group.isdecimal():
        return {"uid": uid, "gid": int(group)}
    listed = _entry(root / "etc/group", group)
    if listed is None:
        raise RehearsalError(f"user {text}: the image has no group {group}")
    return {"uid": uid, "gid": int(listed[2])}


def _entry(file: Path, wanted: str) -> list[str] | None:
    """The line of a user or group by name or number."""
    lines = file.read_text(encoding="utf-8", errors="replace").splitlines() if file.is_file() else []
    entries = (line.split(":") for line in lines if line.count(":") >= 3)
    return next((entry for entry in entries if wanted in (entry[0], entry[2])), None)
