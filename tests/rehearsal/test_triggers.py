from __future__ import annotations

from typing import Any

import pytest

from rehearsal.sources import Push
from rehearsal.triggers import glob, starts

CODE, OTHER = "example/orders", "example/templates"


def source(name: str = "Code", repository: str = CODE, **configuration: str) -> dict[str, Any]:
    kind = {"category": "Source", "provider": "CodeStarSourceConnection"}
    return {
        "name": name,
        "actionTypeId": kind,
        "configuration": {"FullRepositoryId": repository, "BranchName": "main", **configuration},
    }


def trigger(*push: dict[str, Any], of: str = "Code", **more: Any) -> dict[str, Any]:
    filters = {"push": list(push)} if push else {}
    return {
        "providerType": "CodeStarSourceConnection",
        "gitConfiguration": {"sourceActionName": of, **filters, **more},
    }


def pipeline(*triggers: dict[str, Any], sources: tuple[dict[str, Any], ...] = (source(),)) -> dict[str, Any]:
    return {"stages": [{"name": "Source", "actions": list(sources)}], "triggers": list(triggers)}


def pushed(*files: str, branch: str = "main", tag: str = "", repository: str = CODE) -> Push:
    return Push(repository, "" if tag else branch, tag, "c" * 40, files)


def branches(*includes: str, **more: Any) -> dict[str, Any]:
    return {"branches": {"includes": list(includes)}, **more}


@pytest.mark.parametrize(
    ("pattern", "inside", "outside"),
    [
        ("main", ["main"], ["maint", "a/main", "main/a"]),
        ("release/*", ["release/1", "release/"], ["release/1/2", "release"]),
        ("release/**", ["release/1", "release/1/2"], ["release", "a/release/1"]),
        ("**", ["a", "a/b/c"], []),
        ("**/x.py", ["a/x.py", "a/b/x.py"], ["a/xzpy", "x.pyc"]),
        ("v?", ["v1"], ["v", "v12", "v/"]),
        ("*.{java,class}", ["a.java", "a.class"], ["a.jar", "b/a.java"]),
        ("{a,b/**}.yml", ["a.yml", "b/c/d.yml"], ["b.yml", "c.yml"]),
        ("v[12].x", ["v1.x", "v2.x"], ["v3.x", "v12.x", "v1yx"]),
        ("v[!12]", ["v3"], ["v1", "v/"]),
        ("a\\*", ["a*"], ["ab"]),
        ("a.b+(c)", ["a.b+(c)"], ["aXb+(c)"]),
    ],
)
def test_globs(pattern: str, inside: list[str], outside: list[str]) -> None:
    assert [name for name in inside + outside if glob(pattern).fullmatch(name)] == inside


def test_a_branch_has_to_be_included() -> None:
    watching = pipeline(trigger(branches("main", "release/*")))
    assert starts(watching, pushed())
    assert starts(watching, pushed(branch="release/1"))
    assert not starts(watching, pushed(branch="feature"))


def test_what_is_excluded_wins_over_what_is_included() -> None:
    watching = pipeline(trigger({"branches": {"includes": ["**"], "excludes": ["feature/**"]}}))
    assert starts(watching, pushed(branch="anything"))
    assert not starts(watching, pushed(branch="feature/a/b"))


def test_excludes_alone_let_everything_else_in() -> None:
    watching = pipeline(trigger({"branches": {"excludes": ["wip"]}}))
    assert starts(watching, pushed())
    assert not starts(watching, pushed(branch="wip"))


def test_another_repository_starts_nothing() -> None:
    watching = pipeline(trigger(branches("main")))
    assert not starts(watching, pushed(repository=OTHER))


def test_each_source_has_its_own_filters() -> None:
    both = (source(), source("Templates", OTHER))
    files = {"filePaths": {"includes": ["templates/service-orders.yaml", "templates/config/*/orders.json"]}}
    watching = pipeline(trigger(branches("main")), trigger(branches("main", **files), of="Templates"), sources=both)
    assert starts(watching, pushed("templates/other.yaml"))
    assert not starts(watching, pushed("templates/other.yaml", repository=OTHER))
    assert starts(watching, pushed("a", "templates/config/test/orders.json", repository=OTHER))
    assert not starts(watching, pushed("templates/config/test/deep/orders.json", repository=OTHER))


def test_one_changed_file_is_enough_and_excluded_ones_do_not_count() -> None:
    files = {"filePaths": {"includes": ["src/**"], "excludes": ["src/docs/**"]}}
    watching = pipeline(trigger(branches("main", **files)))
    assert starts(watching, pushed("src/docs/a.md", "src/a.py"))
    assert not starts(watching, pushed("src/docs/a.md", "README.md"))
    assert not starts(watching, pushed())
    assert not starts(watching, pushed("src/a.py", branch="other"))


def test_file_paths_without_branches_watch_every_branch() -> None:
    watching = pipeline(trigger({"filePaths": {"includes": ["src/**"]}}))
    assert starts(watching, pushed("src/a", branch="any"))
    assert not starts(watching, pushed("b", branch="any"))


def test_one_filter_of_several_is_enough() -> None:
    watching = pipeline(trigger(branches("main"), {"tags": {"includes": ["v*"]}}))
    assert starts(watching, pushed())
    assert starts(watching, pushed(tag="v1"))
    assert not starts(watching, pushed(branch="v1"))
    assert not starts(watching, pushed(tag="main"))


def test_tags_are_included_and_excluded() -> None:
    watching = pipeline(trigger({"tags": {"includes": ["v*"], "excludes": ["v*-rc"]}}))
    assert starts(watching, pushed(tag="v2"))
    assert not starts(watching, pushed(tag="v2-rc"))
    assert not starts(watching, pushed(branch="v2"))


def test_a_trigger_without_filters_watches_the_branch_of_its_action() -> None:
    watching = pipeline(trigger(), sources=(source(BranchName="trunk"),))
    assert starts(watching, pushed(branch="trunk"))
    assert not starts(watching, pushed(branch="main"))
    assert not starts(watching, pushed(tag="trunk"))


def test_a_trigger_for_pull_requests_is_not_for_pushes() -> None:
    assert not starts(pipeline(trigger(pullRequest=[{"events": ["OPEN"]}])), pushed())


@pytest.mark.parametrize(("detects", "expected"), [({}, True), ({"DetectChanges": "false"}, False)])
def test_a_pipeline_without_triggers_detects_changes_of_its_branch(detects: dict[str, str], expected: bool) -> None:
    watching = pipeline(sources=(source(**detects),))
    assert starts(watching, pushed()) is expected
    assert not starts(watching, pushed(branch="other"))
