"""The fast check of every generation: AWS's offline validator over the templates that changed since the last one.

    python -m sendy_cfn.checks.validate [--templates DIR]

Findings of severity WARN and above count that the template does not accept. It is one of the engines of lint.py, which
also looks for what is accepted in vain.

Exit status 0 nothing found, 1 findings, 2 bad usage.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from sendy_cfn.checks import cache, suppressions
from sendy_cfn.checks.action_templates import Library, readable
from sendy_cfn.checks.engines import validator
from sendy_cfn.checks.engines.subject import CRASH, Raw, Settings, Subject
from sendy_cfn.checks.findings import Finding, Severity, summary, table
from sendy_cfn.checks.usage import BAD_USAGE, CLEAN, FOUND, UsageError, templates_of

if TYPE_CHECKING:
    from collections.abc import Sequence


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


def validate(templates: Sequence[Path], folder: Path) -> list[Finding]:
    """What the validator finds in the templates and nobody accepted.

    Args:
        templates: The files to check.
        folder: Of the cache.
    """
    settings, store = Settings(), cache.Store(folder / "validate.json")
    gate = cache.fingerprint(validator.ENGINE.version(settings), cache.code(Path(__file__).parent))
    keys = {path: cache.fingerprint(gate, cache.content_of(path)) for path in templates}
    new = [path for path, key in keys.items() if store.get(key) is None]
    found: dict[Path, list[Raw]] = {}
    if new:
        results = validator.ENGINE.start([Subject(path, str(path), ()) for path in new], settings)()
        for path, raws in zip(new, results, strict=True):
            found[path] = _unaccepted(path, raws)
            if all(raw.rule != CRASH for raw in raws):
                store.put(keys[path], found[path])
    store.save()
    return [
        Finding(str(path), raw.line, raw.resource, raw.rule, Severity(raw.severity), raw.message, raw.todo)
        for path, key in keys.items()
        for raw in found.get(path) or [Raw(*row) for row in store.get(key) or []]
    ]


def _unaccepted(path: Path, raws: list[Raw]) -> list[Raw]:
    left = [raw for raw in raws if raw.rule not in suppressions.EVERYWHERE]
    if not left:
        return []
    entries = suppressions.read(readable(Library(path.parent), path.name))
    accepted = {(entry.resource, entry.rule) for entry in entries if isinstance(entry, suppressions.Accepted)}
    return [raw for raw in left if (raw.resource, raw.rule) not in accepted]


if __name__ == "__main__":
    sys.exit(main())
