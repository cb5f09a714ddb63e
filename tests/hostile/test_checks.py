"""Platforms drawn over the whole schema pass every check that the shipped templates pass."""

from __future__ import annotations

from hypothesis import strategies as st

from sendy_cfn.checks.engines.subject import Raw
from tests.hostile import checked
from tests.hostile.folders import Folders
from tests.hostile.made import Drawn, for_each

# What cfn-lint says of ARNs and actions that people write into `permissions`: the words are theirs.
OWN_WORDS = {("TaskPolicy", "W3037"), ("TaskPolicy", "I3042"), ("ServiceBoundary", "W3037")}


def ours(finding: Raw) -> bool:
    return (finding.resource, finding.rule) not in OWN_WORDS


def test_drawn_platforms_pass_the_validator_and_all_rules() -> None:
    def look(drawn: Drawn) -> None:
        assert [str(f) for f in checked.aws_validator(drawn.made)] == []
        assert checked.house_rules(drawn.made) == []

    with Folders() as folders:
        counts = for_each(8, folders, look)
    assert counts["valid"] >= counts["drawn"] // 2


def test_drawn_platforms_pass_cfn_lint() -> None:
    """A few templates of each, roots among them: it takes a quarter of a second for each."""

    def look(drawn: Drawn) -> None:
        count = drawn.draw(st.sampled_from((2, 3)))
        found = checked.cfn_lint(drawn.made, ("eu-central-1",), count, drawn.draw)
        assert list(filter(ours, found)) == []

    with Folders() as folders:
        counts = for_each(4, folders, look)
    assert counts["valid"] >= counts["drawn"] // 2
