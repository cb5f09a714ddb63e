"""The gate: cfn-lint, AWS's validator, checkov and our own rules over every template, as one table.

    python -m sendy_cfn.checks.lint [--templates DIR] [--params DIR]

Each engine is started at most once, for all templates as they are emitted and as each stack has them (rendering/), and
only for texts that it has not seen. When nothing has changed since the last run, its answer is repeated and no engine
is even imported.

Exit status 0 nothing found, 1 findings, 2 bad usage.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from sendy_cfn.checks import cache
from sendy_cfn.checks.engines import ENGINES
from sendy_cfn.checks.engines.subject import Settings
from sendy_cfn.checks.findings import Finding, Severity, summary, table
from sendy_cfn.checks.usage import BAD_USAGE, CLEAN, FOUND, UsageError, templates_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sendy_cfn.config.model import Platform

CODE = Path(__file__).resolve().parent
ENGINES_BY_NAME = {engine.name: engine for engine in ENGINES}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the gate from the command line and return the exit status."""
    parser = argparse.ArgumentParser(prog="lint", description="all engines over every template, as one table")
    parser.add_argument("--templates", type=Path, default=Path("templates"), metavar="DIR")
    parser.add_argument("--params", type=Path, default=Path("params"), metavar="DIR", help="names regions and stacks")
    parser.add_argument("--regions", metavar="A,B", help="these, and no values of environments put in")
    parser.add_argument("--engines", default=",".join(ENGINES_BY_NAME), metavar="A,B", help="default: %(default)s")
    parser.add_argument("--config", type=Path, default=Settings().config, metavar="FILE", help="of cfn-lint")
    parser.add_argument(
        "--policies", type=Path, default=Settings().policies, metavar="DIR", help="environment of checkov"
    )
    parser.add_argument("--cache", type=Path, default=cache.FOLDER, metavar="DIR")
    parser.add_argument("--work", type=Path, default=Path("build/rendered"), metavar="DIR", help="what engines read")
    options = parser.parse_args(arguments)
    try:
        findings, count = lint(options)
    except UsageError as error:
        print(f"lint: {error}", file=sys.stderr)
        return BAD_USAGE
    if findings:
        print(table(findings))
    print(summary("lint", count, len(findings)))
    return FOUND if findings else CLEAN


def lint(options: argparse.Namespace) -> tuple[list[Finding], int]:
    """The findings and the number of templates.

    Raises:
        UsageError: The gate can't run as asked.
    """
    names = options.engines.split(",")
    if unknown := sorted(set(names) - set(ENGINES_BY_NAME)):
        raise UsageError(f"no engine {', '.join(unknown)}, there are {', '.join(ENGINES_BY_NAME)}")
    if not options.config.is_file():
        raise UsageError(f"no configuration {options.config}")
    templates = templates_of(options.templates)
    settings = Settings(options.config, options.policies, options.cache / "home")
    engines = [ENGINES_BY_NAME[name] for name in dict.fromkeys(names)]
    known = cache.Store(options.cache / "lint.json")
    key = cache.fingerprint(
        *(f"{engine.name} {engine.version(settings)}" for engine in engines),
        cache.code(CODE),
        options.config.read_bytes(),
        options.regions,
        *_input(options),
    )
    rows = known.get(key)
    if rows is None:
        findings = _examine(options, settings, engines)
        known.put(key, [dataclasses.astuple(finding) for finding in findings])
        known.save()
        return findings, len(templates)
    return [finding_of(*row) for row in rows], len(templates)


def finding_of(
    template: str, line: int, resource: str, rule: str, severity: str, message: str, todo: str = ""
) -> Finding:
    """A finding from what the cache holds of it."""
    return Finding(template, line, resource, rule, Severity(severity), message, todo)


def _input(options: argparse.Namespace) -> list[str | bytes | None]:
    """All that templates and renderings are made of."""
    folders = [options.templates.glob("*.yaml"), (options.templates / "config").rglob("*.json")]
    if not options.regions:
        folders.append(options.params.glob("*.yaml"))
    paths = [path for folder in folders for path in sorted(folder)]
    return [part for path in paths for part in (str(path), cache.content_of(path))]


def _examine(options: argparse.Namespace, settings: Settings, engines: Sequence[object]) -> list[Finding]:
    from sendy_cfn.checks import gate  # here, because an unchanged tree needs none of it

    platform = None if options.regions else platform_of(options.params)
    regions = platform.regions if platform else tuple(options.regions.split(","))
    folder = gate.Folder(options.templates, options.work, regions, platform)
    chosen = [engine for engine in ENGINES if engine in engines]
    return gate.check([folder], chosen, settings, cache.Store(options.cache / "engines.json"))


def platform_of(params: Path) -> Platform:
    """The platform whose values are put in.

    Raises:
        UsageError: Its file has errors.
    """
    from sendy_cfn import config  # here: not needed when the regions are given
    from sendy_cfn.errors import ConfigError

    try:
        return config.load(params)
    except ConfigError as error:
        raise UsageError(str(error)) from error


if __name__ == "__main__":
    sys.exit(main())
