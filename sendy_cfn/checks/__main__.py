"""Our own rules over CloudFormation templates, in YAML or JSON.

    python -m sendy_cfn.checks FILE...

FILE may be a folder: then all templates below it. The rules are in house/, and in docs/checks.md.

Exit status 0 nothing found, 1 findings, 2 bad usage or a file that can't be read.
"""

from __future__ import annotations

import argparse
import functools
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from sendy_cfn.checks import house
from sendy_cfn.checks.action_templates import FILES, Block, Library, TemplateError, template
from sendy_cfn.checks.findings import summary, table
from sendy_cfn.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sendy_cfn.checks.findings import Finding

CLEAN, FOUND, BAD_USAGE = 0, 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the rules from the command line and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m sendy_cfn.checks", description="our own rules, over any template")
    parser.add_argument("files", type=Path, nargs="+", metavar="FILE", help="a template, or a folder of templates")
    options = parser.parse_args(arguments)
    libraries = functools.cache(Library)
    findings: list[Finding] = []
    problems: list[Problem] = []
    count = 0
    for given in dict.fromkeys(options.files):
        before = count + len(problems)
        for path in _candidates(given):
            library = libraries(path.parent)
            try:
                if _is_template(library, path.name):
                    findings += house.check(library, path.name)
                    count += 1
            except TemplateError as error:
                problems.append(Problem(str(path), error.line, "", str(error).removeprefix(f"{path.name} ")))
        if count + len(problems) == before:
            what = "no templates below this folder" if given.is_dir() else "is no template: it has no Resources"
            problems.append(Problem(str(given), 0, "", what))
    if findings:
        print(table(findings))
    for problem in problems:
        print(f"house: {problem}", file=sys.stderr)
    if problems:
        return BAD_USAGE
    print(summary("house", count, len(set(findings))))
    return FOUND if findings else CLEAN


def _candidates(given: Path) -> Iterator[Path]:
    """The file itself, or what may be templates below a folder."""
    if not given.is_dir():
        yield given
        return
    for path in sorted(path for pattern in FILES for path in given.rglob(pattern)):
        hidden = any(part.startswith(".") or part == "node_modules" for part in path.relative_to(given).parts)
        if path.is_file() and not hidden and _mentions(path):
            yield path


def _mentions(path: Path) -> bool:
    """Whether the word Resources is in the file: without it, it need not be parsed."""
    try:
        return b"Resources" in path.read_bytes()
    except OSError:
        return True  # reading it again tells why


def _is_template(library: Library, name: str) -> bool:
    return isinstance(template(library, name).get("Resources"), Block)


if __name__ == "__main__":
    sys.exit(main())
