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

CLEAN, FOUND, BAD_USAGE = 0, 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the rules from the command line and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m sendy_cfn.checks", description="our own rules, over any template")
    parser.add_argument("files", type=Path, nargs="+", metavar="FILE", help="a template, or a folder of templates")
    options = parser.parse_args(arguments)
    libraries = functools.cache(Library)
    findings, problems, count = [], [], 0
    for path in dict.fromkeys(each for given in options.files for each in _templates(given)):
        library = libraries(path.parent)
        try:
            _expect_template(template(library, path.name), path)
            findings += house.check(library, path.name)
            count += 1
        except TemplateError as error:
            problems.append(Problem(str(path), error.line, "", str(error).removeprefix(f"{path.name} ")))
    if findings:
        print(table(findings))
    for problem in problems:
        print(f"house: {problem}", file=sys.stderr)
    if problems:
        return BAD_USAGE
    print(summary("house", count, len(findings)))
    return FOUND if findings else CLEAN


def _templates(given: Path) -> Iterator[Path]:
    """The file itself, or what may be templates below a folder."""
    if not given.is_dir():
        yield given
        return
    paths = sorted(path for pattern in FILES for path in given.rglob(pattern))
    found = [path for path in paths if path.is_file() and not _is_hidden(path.relative_to(given)) and _mentions(path)]
    yield from found or [given]


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") or part == "node_modules" for part in path.parts)


def _mentions(path: Path) -> bool:
    try:
        return b"Resources" in path.read_bytes()
    except OSError:
        return True  # reading it again tells why


def _expect_template(root: Block, path: Path) -> None:
    if not isinstance(root.get("Resources"), Block):
        raise TemplateError(f"{path.name} is no template: it has no Resources")


if __name__ == "__main__":
    sys.exit(main())
