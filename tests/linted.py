"""Single templates under single engines of the lint gate."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sendy_cfn.checks.engines import cfn_lint
from sendy_cfn.checks.engines.subject import Raw, Settings, Subject
from sendy_cfn.checks.suppressions import EVERYWHERE
from tests.platforms import ROOT


def by_cfn_lint(templates: Sequence[Path], regions: tuple[str, ...]) -> list[Raw]:
    """What cfn-lint finds in the templates as they are; it reads what they accept of its rules itself."""
    subjects = [Subject(path, str(path), regions) for path in templates]
    results = cfn_lint.ENGINE.start(subjects, Settings(config=ROOT / ".cfnlintrc"))()
    return [raw for raws in results for raw in raws if raw.rule not in EVERYWHERE]
