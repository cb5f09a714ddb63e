"""Which pushes start a pipeline.

https://docs.aws.amazon.com/codepipeline/latest/userguide/pipelines-filter.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rehearsal.sources import Push

Pipeline = Mapping[str, Any]


def starts(pipeline: Pipeline, push: Push) -> bool:
    """Whether the push starts the pipeline: one filter of one trigger of a source that watches the repository fits."""
    repositories = {
        action["name"]: action["configuration"].get("FullRepositoryId")
        for action in pipeline["stages"][0]["actions"]
        if action["actionTypeId"]["category"] == "Source"
    }
    return any(
        repositories.get(configuration["sourceActionName"]) == push.repository
        and any(_fits(filters, push) for filters in configuration.get("push", [{"branches": {"includes": ["**"]}}]))
        for configuration in _git(pipeline)
    )


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
    """A glob as an expression: `*` stays within a folder, `**` does not, `?` is one character.

    https://docs.aws.amazon.com/codepipeline/latest/userguide/syntax-glob.html
    """
    parts = re.split(r"(\*\*|\*|\?)", pattern)
    return re.compile("".join({"**": ".*", "*": "[^/]*", "?": "[^/]"}.get(part, re.escape(part)) for part in parts))
