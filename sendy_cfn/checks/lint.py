"""The lint gate: cfn-lint over every emitted template, nested stacks followed.

    python -m sendy_cfn.checks.lint [--templates DIR] [--regions eu-central-1,us-east-1]

One process and one set of rules for all templates (loading the rules takes longer than linting a template).
`.cfnlintrc` is the only configuration: a file in the home folder is not read. An unchanged template is not linted again
and, when none has changed, cfn-lint is not even imported.

Exit status 0 nothing found, 1 findings, 2 bad usage.
"""

from __future__ import annotations

import argparse
import contextlib
import re
import sys
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from sendy_cfn.checks import cache
from sendy_cfn.checks.findings import Finding, Severity, summary, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cfnlint.rules import Match

CLEAN, FOUND, BAD_USAGE = 0, 1, 2
RULE_CRASHED = "E0002"  # cfn-lint's own name for a rule that raised
SEVERITIES = {"error": Severity.ERROR, "warning": Severity.WARNING, "informational": Severity.INFO}

# All that looks like a file name may be a child template: what the key covers in vain does no harm.
FILE_NAME = re.compile(r"[\w./-]+\.(?:yaml|yml|json)\b")
TEMPLATE_URL = re.compile(r"""^\s+TemplateURL:\s+["']?([^\s"':!{]+)["']?\s*(?:#.*)?$""", re.MULTILINE)
LOGICAL_ID = re.compile(r"^  (\w+):", re.MULTILINE)


class UsageError(Exception):
    """The gate can't run as asked."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the gate from the command line and return the exit status."""
    parser = argparse.ArgumentParser(prog="lint", description="cfn-lint over every emitted template")
    parser.add_argument("--templates", type=Path, default=Path("templates"), metavar="DIR")
    parser.add_argument("--params", type=Path, default=Path("params"), metavar="DIR", help="names the regions")
    parser.add_argument("--regions", metavar="A,B", help="instead of those that the platform names")
    parser.add_argument("--config", type=Path, default=Path(".cfnlintrc"), metavar="FILE")
    parser.add_argument("--cache", type=Path, default=cache.FOLDER, metavar="DIR")
    options = parser.parse_args(arguments)
    try:
        regions = options.regions.split(",") if options.regions else platform_regions(options.params)
        templates = templates_of(options.templates)
        findings = lint(templates, regions, options.config, options.cache)
    except UsageError as error:
        print(f"lint: {error}", file=sys.stderr)
        return BAD_USAGE
    if findings:
        print(table(findings))
    print(summary("lint", len(templates), len(findings)))
    return FOUND if findings else CLEAN


def platform_regions(params: Path) -> list[str]:
    """The regions that params/platform.yaml names.

    Raises:
        UsageError: The file has errors.
    """
    from sendy_cfn import config  # here: not needed when the regions are given
    from sendy_cfn.errors import ConfigError

    try:
        return list(config.load(params).regions)
    except ConfigError as error:
        raise UsageError(str(error)) from error


def templates_of(folder: Path) -> list[Path]:
    """The emitted templates, sorted.

    Raises:
        UsageError: There are none; a check of nothing must not look like success.
    """
    templates = sorted(folder.glob("*.yaml"))
    if not templates:
        raise UsageError(f"no templates in {folder}/: make templates")
    return templates


def lint(templates: Sequence[Path], regions: Sequence[str], config: Path, store: Path) -> list[Finding]:
    """What cfn-lint finds in the templates.

    Args:
        templates: The files to lint.
        regions: Names of the regions that the templates are deployed to.
        config: The `.cfnlintrc`.
        store: The folder of the cache.

    Raises:
        UsageError: Configuration or region that cfn-lint does not take.
    """
    if not config.is_file():
        raise UsageError(f"no configuration {config}")
    keys = keys_of(templates, regions, config)
    return cache.examine(keys, lambda: start(regions, config), store / "lint.json")


def keys_of(templates: Sequence[Path], regions: Sequence[str], config: Path) -> dict[Path, str]:
    """The cache key of each template: it changes with all that may change what cfn-lint says."""
    own = Path(__file__).read_bytes()
    gate = cache.fingerprint(metadata.version("cfn-lint"), own, config.read_bytes(), *sorted(set(regions)))
    return {path: cache.fingerprint(gate, *_contents(path)) for path in templates}


def _contents(path: Path) -> list[bytes | None]:
    """What decides the findings of a template: itself, and its child templates (cfn-lint follows one level)."""
    content = cache.content_of(path)
    names = sorted(set(FILE_NAME.findall(_text(content))))
    return [content, *(cache.content_of(path.parent / name) for name in names)]


def _text(content: bytes | None) -> str:
    return (content or b"").decode("utf-8", errors="replace")


def start(regions: Sequence[str], config: Path) -> cache.Examine:
    """Load cfn-lint's rules, and return the function that lints one template with them.

    Raises:
        UsageError: Configuration or region that cfn-lint does not take.
    """
    # Here, because it takes seconds and an unchanged tree needs none of it.
    import logging

    from cfnlint.config import ConfigMixIn
    from cfnlint.exceptions import ConfigFileError
    from cfnlint.helpers import REGIONS
    from cfnlint.runner import Runner
    from cfnlint.runner.template.runner import run_template_by_file_path

    unknown = sorted(set(regions) - set(REGIONS))
    if unknown:
        raise UsageError(f"cfn-lint knows no region {', '.join(unknown)}")
    logging.getLogger("cfnlint").setLevel(logging.CRITICAL)  # it logs what it also returns
    try:
        options = ConfigMixIn(["--config-file", str(config)], regions=sorted(set(regions)))
    except ConfigFileError as error:
        raise UsageError(f"{config}: {error}") from error
    rules = Runner(options).rules

    def examine(path: Path) -> list[Finding]:
        with contextlib.chdir(path.parent):  # cfn-lint does not follow a TemplateURL that leaves the working folder
            matches = list(run_template_by_file_path(path.name, options, rules, ignore_bad_template=False))
        return [*(_finding(path, match) for match in matches), *missing_children(path)]

    return examine


def _finding(path: Path, match: Match) -> Finding:
    place = list(getattr(match, "path", None) or [])
    resource = str(place[1]) if len(place) > 1 else "-"
    rule = cache.CRASH if match.rule.id == RULE_CRASHED else match.rule.id
    return Finding(str(path), match.linenumber, resource, rule, SEVERITIES[match.rule.severity], match.message)


def missing_children(path: Path) -> list[Finding]:
    """A finding for each nested template that is not there or not below the folder: cfn-lint says nothing of those."""
    text = _text(cache.content_of(path))
    found = []
    for match in TEMPLATE_URL.finditer(text):
        if ".." not in match[1] and (path.parent / match[1]).is_file():
            continue
        line = text.count("\n", 0, match.start(1)) + 1
        resource = LOGICAL_ID.findall(text, 0, match.start())[-1:] or ["-"]
        message = f"TemplateURL {match[1]}: no such file in {path.parent}/"
        found.append(Finding(str(path), line, resource[0], "no-such-template", Severity.ERROR, message))
    return found


if __name__ == "__main__":
    sys.exit(main())
