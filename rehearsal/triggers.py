"""Which pushes start a pipeline.

https://docs.aws.amazon.com/codepipeline/latest/userguide/pipelines-filter.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rehearsal.sources import Push

Pipeline = Mapping[str, Any]
_PARTS = re.compile(r"(\*\*|\*|\?|\\.|\[!?[^\]]+\]|\{[^{}]+\})")
_WILD = {"**": ".*", "*": "[^/]*", "?": "[^/]"}


def starts(pipeline: Pipeline, push: Push) -> bool:
    """Whether the push starts the pipeline: one filter of one trigger of a source that watches the repository fits.

    A source without a filter is started by its own branch, and one of a pipeline without triggers detects changes
    unless it says otherwise.
    """
    watching = {
        action["name"]: action["configuration"]
        for action in pipeline["stages"][0]["actions"]
        if action["actionTypeId"]["category"] == "Source"
        and action["configuration"].get("FullRepositoryId") == push.repository
    }
    triggers = list(_git(pipeline))
    if not triggers:
        return any(
            source.get("DetectChanges", "true").lower() == "true" and _is_own(source, push)
            for source in watching.values()
        )
    return any(
        _starts(trigger, watching[trigger["sourceActionName"]], push)
        for trigger in triggers
        if trigger["sourceActionName"] in watching
    )


def _starts(trigger: Mapping[str, Any], source: Mapping[str, Any], push: Push) -> bool:
    if "push" in trigger:
        return any(_fits(filters, push) for filters in trigger["push"])
    return "pullRequest" not in trigger and _is_own(source, push)


def _is_own(source: Mapping[str, Any], push: Push) -> bool:
    return not push.tag and source.get("BranchName") == push.branch


def _git(pipeline: Pipeline) -> Iterator[Mapping[str, Any]]:
    for trigger in pipeline.get("triggers", []):
        yield trigger["gitConfiguration"]


def _fits(filters: Mapping[str, Any], push: Push) -> bool:
    if push.tag:
        return "tags" in filters and _chosen(filters["tags"], push.tag)
    if "tags" in filters or ("branches" in filters and not _chosen(filters["branches"], push.branch)):
        return False
    return "filePaths" not in filters or any(_chosen(filters["filePaths"], file) for file in push.files)


def _chosen(patterns: Mapping[str, Sequence[str]], name: str) -> bool:
    included = patterns.get("includes")
    return (not included or _any(included, name)) and not _any(patterns.get("excludes") or (), name)


def _any(patterns: Sequence[str], name: str) -> bool:
    return any(glob(pattern).fullmatch(name) for pattern in patterns)


def glob(pattern: str) -> re.Pattern[str]:
    """A glob as an expression: `*` stays within a folder, `**` does not; sets, groups and escapes as AWS has them.

    https://docs.aws.amazon.com/codepipeline/latest/userguide/syntax-glob.html
    """
    return re.compile("".join(_expression(part) for part in _PARTS.split(pattern)))


def _expression(part: str) -> str:
    if part in _WILD:
        return _WILD[part]
    if part.startswith("\\") and len(part) == 2:
        return re.escape(part[1])
    if part.startswith("[") and part.endswith("]"):
        inner = part[1:-1].replace("\\", "\\\\").replace("[", "\\[")
        return f"(?!/)[^{inner[1:]}]" if inner.startswith("!") else f"[{inner}]"
    if part.startswith("{") and part.endswith("}"):
        return f"(?:{'|'.join(glob(choice).pattern for choice in part[1:-1].split(','))})"
    return re.escape(part)
