"""cfn-lint: schemas, references, the wiring of nested stacks. Rules are loaded once for all templates.

`.cfnlintrc` is the only configuration: a file in the home folder is not read. What it ignores everywhere is reported
all the same, once per template, so that the gate notices when there is nothing left to ignore.
https://github.com/aws-cloudformation/cfn-lint
"""

from __future__ import annotations

import contextlib
import re
from importlib import metadata
from typing import TYPE_CHECKING, Any

from sendy_cfn.checks import cache
from sendy_cfn.checks.engines.subject import CRASH, Engine, Raw, Settings, Subject, each
from sendy_cfn.checks.usage import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from cfnlint.rules import Match

    from sendy_cfn.checks.engines.subject import Results

RULE_CRASHED = "E0002"  # cfn-lint's own name for a rule that raised
SEVERITIES = {"error": "error", "warning": "warning", "informational": "info"}

# All that looks like a file name may be a child template: what the key covers in vain does no harm.
FILE_NAME = re.compile(r"[\w./-]+\.(?:yaml|yml|json)\b")
TEMPLATE_URL = re.compile(r"""^\s+TemplateURL:\s+["']?([^\s"':!{]+)["']?\s*(?:#.*)?$""", re.MULTILINE)
LOGICAL_ID = re.compile(r"^  (\w+):", re.MULTILINE)


def ignored(config: Path) -> list[str]:
    """The rules that the configuration ignores everywhere.

    Raises:
        UsageError: It is not YAML.
    """
    import yaml  # here: not needed where nothing has changed

    try:
        given = yaml.safe_load(config.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UsageError(f"{config}: {error}") from error
    return [str(rule) for rule in given.get("ignore_checks", [])] if isinstance(given, dict) else []


def _context(subject: Subject, settings: Settings) -> list[str | bytes | None]:
    """The configuration, the regions, and the child templates: cfn-lint follows one level."""
    if not settings.config.is_file():
        raise UsageError(f"no configuration {settings.config}")
    names = sorted(set(FILE_NAME.findall(_text(cache.content_of(subject.path)))))
    children = [cache.content_of(subject.path.parent / name) for name in names]
    return [settings.config.read_bytes(), ",".join(sorted(set(subject.regions))), *children]


def _text(content: bytes | None) -> str:
    return (content or b"").decode("utf-8", errors="replace")


def _start(subjects: Sequence[Subject], settings: Settings) -> Callable[[], Results]:
    look = _loaded(subjects, settings)
    return lambda: each(look, subjects)


def _loaded(subjects: Sequence[Subject], settings: Settings) -> Callable[[Subject], list[Raw]]:
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

    unknown = sorted({region for subject in subjects for region in subject.regions} - set(REGIONS))
    if unknown:
        raise UsageError(f"cfn-lint knows no region {', '.join(unknown)}")
    logging.getLogger("cfnlint").setLevel(logging.CRITICAL)  # it logs what it also returns
    everywhere = ignored(settings.config)

    def options(regions: tuple[str, ...]) -> Any:
        asked = [part for rule in everywhere for part in ("--mandatory-checks", rule)]
        return ConfigMixIn(["--config-file", str(settings.config), *asked], regions=sorted(set(regions)))

    try:
        by_regions = {regions: options(regions) for regions in {subject.regions for subject in subjects}}
    except ConfigFileError as error:
        raise UsageError(f"{settings.config}: {error}") from error
    rules = Runner(next(iter(by_regions.values()))).rules

    def look(subject: Subject) -> list[Raw]:
        path = subject.path
        with contextlib.chdir(path.parent):  # cfn-lint does not follow a TemplateURL that leaves the working folder
            matches = list(
                run_template_by_file_path(path.name, by_regions[subject.regions], rules, ignore_bad_template=False)
            )
        once = {rule: next((m for m in matches if m.rule.id == rule), None) for rule in everywhere}
        matches = [m for m in matches if m.rule.id not in everywhere or m is once[m.rule.id]]
        return [*map(_raw, matches), *missing_children(path)]

    return look


def _raw(match: Match) -> Raw:
    place = list(getattr(match, "path", None) or [])
    resource = str(place[1]) if len(place) > 1 else "-"
    rule = CRASH if match.rule.id == RULE_CRASHED else match.rule.id
    severity = SEVERITIES[match.rule.severity]
    inner = ".".join(map(str, place[2:])).removeprefix("Properties").lstrip(".")
    return Raw(match.linenumber, resource, rule, severity, match.message, match.rule.source_url, inner)


def missing_children(path: Path) -> list[Raw]:
    """A finding for each nested template that is not there or not below the folder: cfn-lint says nothing of those."""
    text = _text(cache.content_of(path))
    found = []
    for match in TEMPLATE_URL.finditer(text):
        if ".." not in match[1] and (path.parent / match[1]).is_file():
            continue
        line = text.count("\n", 0, match.start(1)) + 1
        resource = LOGICAL_ID.findall(text, 0, match.start())[-1:] or ["-"]
        message = f"TemplateURL {match[1]}: no such file beside the template"
        found.append(Raw(line, resource[0], "no-such-template", "error", message))
    return found


def _titles(settings: Settings) -> dict[str, str]:
    from cfnlint.config import ConfigMixIn
    from cfnlint.runner import Runner

    rules = Runner(ConfigMixIn(["--config-file", str(settings.config)])).rules
    return {rule.id: rule.shortdesc for rule in rules.values()}


ENGINE = Engine(
    "cfn-lint",
    lambda _settings: metadata.version("cfn-lint"),
    _context,
    _start,
    "schemas of resource types in each region, references, wiring of nested stacks, IAM actions; informational and "
    "experimental rules too",
    _titles,
)
