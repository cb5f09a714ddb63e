"""Platforms drawn over the whole schema pass every check that the shipped templates pass."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from sendy_cfn.checks.engines.subject import Raw
from tests.hostile import checked
from tests.hostile.budget import examples
from tests.hostile.folders import Folders
from tests.hostile.made import make
from tests.hostile.platforms import platforms

# What cfn-lint says of ARNs and actions that people write into `permissions`: the words are theirs.
OWN_WORDS = {("TaskPolicy", "W3037"), ("TaskPolicy", "I3042")}


def ours(finding: Raw) -> bool:
    return (finding.resource, finding.rule) not in OWN_WORDS


def test_drawn_platforms_pass_the_validator_and_all_rules() -> None:
    counts: Counter[str] = Counter()

    @examples(8)
    @given(st.data())
    def holds(data: st.DataObject) -> None:
        made = make(data.draw, folders.fresh(), data.draw(platforms()), counts)
        if made is None:
            return
        assert [str(f) for f in checked.aws_validator(made)] == []
        assert checked.house_rules(made) == []

    with Folders() as folders:
        holds()
    assert counts["valid"] >= counts["drawn"] // 2


def test_drawn_platforms_pass_cfn_lint() -> None:
    """A few templates of each, roots among them: it takes a quarter of a second for each."""
    counts: Counter[str] = Counter()

    @examples(4)
    @given(st.data())
    def holds(data: st.DataObject) -> None:
        made = make(data.draw, folders.fresh(), data.draw(platforms()), counts)
        if made is not None:
            found = checked.cfn_lint(made, ("eu-central-1",), data.draw(st.sampled_from((2, 3))), data.draw)
            assert list(filter(ours, found)) == []

    with Folders() as folders:
        holds()
    assert counts["valid"] >= counts["drawn"] // 2
