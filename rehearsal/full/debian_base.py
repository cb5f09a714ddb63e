"""A base image out of this machine's own Debian packages, for builds without a public registry.

The packages that python3 and a shell need are followed through their dependencies, their files (`dpkg -L`) are taken
as they are installed, and become the one layer of an image in an OCI layout. That takes a few seconds, no network,
and happens again only when a package changes.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from rehearsal.events import RehearsalError
from rehearsal.full import oci

TAG = "base"  # of the image in the layout
SEEDS = ("base-files", "base-passwd", "coreutils", "dash", "grep", "libc-bin", "netbase", "python3", "sed")
_RECIPE = "1"  # another number makes new images of unchanged packages
_CREATED = "1970-01-01T00:00:00Z"  # the same packages are the same image
_LEFT_OUT = re.compile(
    r"/usr/share/(doc|man|info|locale|lintian|i18n|bug|menu|common-licenses|perl5|zsh|bash-completion)(/|$)|"
    r"/usr/lib/[^/]+/gconv/|/usr/lib/python[^/]+/(ensurepip|idlelib|lib2to3|pydoc_data|distutils/command)/"
)
# Made by the packages' scripts, not listed as files of any; the machine's own would be copied with its users.
_MADE = {
    "/etc/passwd": "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n",
    "/etc/group": "root:x:0:\nnogroup:x:65534:\n",
}
_FORMAT = "${Package}\t${Version}\t${db:Status-Status}\t${binary:Package}\t${Pre-Depends}, ${Depends}\t${Provides}\n"


@dataclass(frozen=True)
class Package:
    """An installed package."""

    name: str
    version: str
    qualified: str  # with the architecture where dpkg needs it
    depends: tuple[tuple[str, ...], ...]  # one of each
    provides: tuple[str, ...]


def layout(cache: Path) -> Path:
    """An OCI layout with the image (tag `TAG`), from the cache where the packages are those of the last time.

    Raises:
        RehearsalError: this is no Debian machine, or its python3 is not a package.
    """
    packages = closure(installed(_dpkg("dpkg-query", "-W", "-f", _FORMAT)), SEEDS)
    said = "\n".join([_RECIPE, *(f"{package.qualified}={package.version}" for package in packages)])
    folder = cache / f"base-{hashlib.sha256(said.encode()).hexdigest()[:16]}"
    if not folder.exists():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as made:
            listed = _dpkg("dpkg", "-L", *(package.qualified for package in packages))
            architecture = _dpkg("dpkg", "--print-architecture").strip()
            write(Path(made) / "layout", paths(listed.splitlines()), architecture)
            # In one step: what is half done is never taken for the image.
            (Path(made) / "layout").rename(folder)
    return folder


def described() -> str:
    """What is in the image, for people.

    Raises:
        RehearsalError: this is no Debian machine, or its python3 is not a package.
    """
    found = {package.name: package for package in installed(_dpkg("dpkg-query", "-W", "-f", _FORMAT))}
    if "python3" not in found:
        raise RehearsalError("python3 is not a Debian package on this machine: apt-get install python3")
    return f"this machine's Debian packages with python3 {found['python3'].version}"


def installed(listed: str) -> list[Package]:
    """The packages in the answer of dpkg-query."""
    found = []
    for line in listed.splitlines():
        name, version, status, qualified, depends, provides = line.split("\t")
        if status == "installed":
            wanted = (_names(alternatives, "|") for alternatives in depends.split(","))
            found.append(Package(name, version, qualified, tuple(filter(None, wanted)), _names(provides, ",")))
    return found


def closure(packages: Iterable[Package], seeds: Iterable[str]) -> list[Package]:
    """The seeds and everything that they depend on, sorted; of alternatives those that are installed.

    Raises:
        RehearsalError: a seed is not installed.
    """
    known: dict[str, list[Package]] = {}
    for package in packages:
        for name in {package.name, *package.provides}:
            known.setdefault(name, []).append(package)
    todo, found = list(seeds), dict[str, Package]()
    if missing := [name for name in todo if name not in known]:
        raise RehearsalError(f"not Debian packages on this machine: {', '.join(missing)} (apt-get install them)")
    while todo:
        package = known[todo.pop()][0]
        if package.name not in found:
            found[package.name] = package
            todo += [name for choice in package.depends for name in choice if name in known]
    return sorted(found.values(), key=lambda package: package.name)


def paths(listed: Iterable[str], root: Path = Path("/")) -> list[str]:
    """What goes into the image, sorted: files and links that exist, where they really are, with their folders.

    Args:
        listed: the lines of `dpkg -L`.
        root: where the machine's files are.
    """
    found: set[str] = set()
    for line in listed:
        if line.startswith("/") and not _LEFT_OUT.search(line):
            for path in (line, *_compiled(line, root)):
                found |= _placed(path, root)
    # Packages name /bin/sh, which is in /usr/bin where /bin is a link.
    found |= {f"/{link.name}" for link in root.iterdir() if link.is_symlink() and link.resolve().is_dir()}
    return sorted(path for path in found if path != "/" and not _LEFT_OUT.search(path))


def write(folder: Path, names: Iterable[str], architecture: str, root: Path = Path("/")) -> None:
    """Make a layout of these files, as `paths` names them.

    Args:
        folder: where the layout goes.
        names: the paths.
        architecture: Debian's and OCI's name of it.
        root: where the machine's files are.
    """
    image = oci.Layout(folder)
    tar = folder / "layer.tar"
    with tarfile.open(tar, "w", format=tarfile.PAX_FORMAT) as layer:
        for name in names:
            layer.add(root / name.lstrip("/"), name.lstrip("/"), recursive=False)
        for name, text in _MADE.items():
            _add(layer, name, text)
    blob = image.adopt(tar, oci.LAYER)
    path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    config: Mapping[str, object] = {
        "created": _CREATED,
        "architecture": architecture,
        "os": "linux",
        "config": {"Env": [f"PATH={path}", "LANG=C.UTF-8"], "Cmd": ["python3"]},
        "rootfs": {"type": "layers", "diff_ids": [blob["digest"]]},
        # buildah wants one for each layer.
        "history": [{"created": _CREATED, "created_by": "packages of this machine"}],
    }
    manifest = oci.manifest(image.add(config, oci.CONFIG), [blob])
    image.index([{**image.add(manifest, oci.MANIFEST), "annotations": {oci.REF_NAME: TAG}}])


def _placed(path: str, root: Path) -> set[str]:
    here = root / path.lstrip("/")
    if here == root or not (here.exists() or here.is_symlink()):
        return set()
    real = here.parent.resolve() / here.name
    inside = real.relative_to(root.resolve())
    return {f"/{inside}", *(f"/{parent}" for parent in inside.parents if parent.name)}


def _compiled(path: str, root: Path) -> Iterator[str]:
    """What Python compiled a module to: without it every start of a container compiles the library again."""
    if path.endswith(".py"):
        folder, _, name = path.rpartition("/")
        for compiled in (root / folder.lstrip("/") / "__pycache__").glob(f"{name[:-3]}.cpython-*.pyc"):
            if ".opt-" not in compiled.name:
                yield f"{folder}/__pycache__/{compiled.name}"


def _add(layer: tarfile.TarFile, name: str, text: str) -> None:
    with tempfile.TemporaryFile() as file:
        file.write(text.encode())
        file.seek(0)
        entry = tarfile.TarInfo(name.lstrip("/"))
        entry.size, entry.mode = len(text.encode()), 0o644
        layer.addfile(entry, file)


def _names(text: str, separator: str) -> tuple[str, ...]:
    """Names of packages without their versions and architectures."""
    words = (part.split("(")[0].strip().split(":")[0] for part in text.split(separator))
    return tuple(word for word in words if word)


def _dpkg(*command: str) -> str:
    if shutil.which(command[0]) is None:
        raise RehearsalError(f"{command[0]} is missing: base images are made of Debian packages")
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    if done.returncode:
        raise RehearsalError(f"{' '.join(command[:2])} failed: {done.stderr[-500:].strip()}")
    return done.stdout
