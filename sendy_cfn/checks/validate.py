"""The fast check of every generation: AWS's offline validator over the templates that changed since the last one.

    python -m sendy_cfn.checks.validate [--templates DIR]

Findings of severity WARN and above count. The accepted ones are in suppressions.py; an entry there whose resource is
among the templates but no longer draws the finding is itself a finding. The validator looks at one region (us-east-1):
the others are the lint gate's.

Exit status 0 nothing found, 1 findings, 2 bad usage.
https://github.com/aws-cloudformation/cloudformation-validate
"""

from __future__ import annotations

import argparse
import sys
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sendy_cfn.checks import cache
from sendy_cfn.checks.findings import Finding, Severity, summary, table
from sendy_cfn.checks.lint import BAD_USAGE, CLEAN, FOUND, LOGICAL_ID, UsageError, templates_of
from sendy_cfn.checks.suppressions import SUPPRESSIONS, Suppression

if TYPE_CHECKING:
    from collections.abc import Sequence

EXCLUDED = ["I9001"]  # an advertisement for rules of other tools, on every template
SEVERITIES = {"FATAL": Severity.ERROR, "ERROR": Severity.ERROR, "WARN": Severity.WARNING}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the check from the command line and return the exit status."""
    parser = argparse.ArgumentParser(prog="validate", description="AWS's offline validator over what changed")
    parser.add_argument("--templates", type=Path, default=Path("templates"), metavar="DIR")
    parser.add_argument("--cache", type=Path, default=cache.FOLDER, metavar="DIR")
    options = parser.parse_args(arguments)
    try:
        templates = templates_of(options.templates)
    except UsageError as error:
        print(f"validate: {error}", file=sys.stderr)
        return BAD_USAGE
    findings = validate(templates, options.cache)
    if findings:
        print(table(findings))
    print(summary("validate", len(templates), len(findings)))
    return FOUND if findings else CLEAN


def validate(
    templates: Sequence[Path], store: Path, suppressions: Sequence[Suppression] = SUPPRESSIONS
) -> list[Finding]:
    """What the validator finds in the templates and nobody accepted, and the suppressions that are no longer needed.

    Args:
        templates: The files to check.
        store: The folder of the cache. It holds all findings, so that a change of the suppressions costs nothing.
        suppressions: The accepted findings.
    """
    gate = cache.fingerprint(metadata.version("cloudformation-validate"), Path(__file__).read_bytes())
    keys = {path: cache.fingerprint(gate, cache.content_of(path)) for path in templates}
    findings = cache.examine(keys, start, store / "validate.json")
    idle = [entry for entry in suppressions if not any(map(entry.accepts, findings))]
    remaining = [finding for finding in findings if not any(entry.accepts(finding) for entry in suppressions)]
    return remaining + [finding for entry in idle for finding in _needless(entry, templates)]


def _needless(entry: Suppression, templates: Sequence[Path]) -> list[Finding]:
    """A finding if the suppression's resource exists. Where it doesn't, the platform simply has no use for it."""
    for path in templates:
        text = (cache.content_of(path) or b"").decode("utf-8", errors="replace")
        for place in LOGICAL_ID.finditer(text):
            if entry.covers(path.name, place[1]):
                line = text.count("\n", 0, place.start()) + 1
                message = f"{entry.rule} is suppressed in suppressions.py but not found: remove the entry"
                return [Finding(str(path), line, place[1], "needless-suppression", Severity.ERROR, message)]
    return []


def start() -> cache.Examine:
    """Start the validator, and return the function that runs it over one template."""
    # Here, because an unchanged tree needs none of it.
    import cloudformation_validate as aws

    engine = aws.CompositeEngine()
    options = aws.ValidateConfig(
        exclude=aws.RuleFilterConfig(ids=EXCLUDED),
        detail_level=aws.DetailLevel.STANDARD,
        severity_level=aws.Severity.WARN,
    )

    def examine(path: Path) -> list[Finding]:
        report = engine.validate_template(path, options)
        found = [_finding(path, diagnostic) for diagnostic in report.diagnostics]
        unfinished = report.status == aws.ReportStatus.ANALYSIS_INCOMPLETE
        if unfinished or (report.status != aws.ReportStatus.OK and not found):
            message = f"the validator did not finish: {report.status.name}"
            found.append(Finding(str(path), 1, "-", cache.CRASH, Severity.ERROR, message))
        return found

    return examine


def _finding(path: Path, diagnostic: Any) -> Finding:
    resource = diagnostic.entity.logical_id if diagnostic.entity else "-"
    severity = SEVERITIES[diagnostic.severity.name]
    return Finding(str(path), diagnostic.start_line or 1, resource, diagnostic.rule_id, severity, diagnostic.message)


if __name__ == "__main__":
    sys.exit(main())
