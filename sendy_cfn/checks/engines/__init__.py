"""What looks into templates, one module per engine. ENGINES is the only list.

An engine gets all texts that it has not seen before in one go, and is started at most once. It knows nothing of
suppressions: what is accepted is taken out afterwards, so that a suppression that accepts nothing is noticed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sendy_cfn.checks.engines import cfn_lint, house, policies, validator

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sendy_cfn.checks.engines.subject import Engine

# The first one that has a rule is the one that tells of it.
ENGINES: Sequence[Engine] = (cfn_lint.ENGINE, validator.ENGINE, house.ENGINE, policies.ENGINE)
