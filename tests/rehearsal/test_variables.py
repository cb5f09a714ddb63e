from __future__ import annotations

import pytest

from rehearsal.events import RehearsalError
from rehearsal.variables import Variables


def test_references_are_replaced_wherever_they_stand() -> None:
    variables = Variables({"codepipeline": {"PipelineExecutionId": "e-1"}})
    variables.add("Build_Image", {"IMAGE_URI": "registry/orders@sha256:abc", "EMPTY": ""})
    text = "#{codepipeline.PipelineExecutionId}: #{Build_Image.IMAGE_URI}, '#{Build_Image.EMPTY}' $HOME #{} #{a}"
    assert variables.fill(text) == "e-1: registry/orders@sha256:abc, '' $HOME #{} #{a}"


def test_values_are_not_read_again() -> None:
    variables = Variables({"a": {"b": "#{a.c}", "c": "x"}})
    assert variables.fill("#{a.b}") == "#{a.c}"


@pytest.mark.parametrize("reference", ["#{Source.CommitId}", "#{codepipeline.Other}", "#{CODEPIPELINE.X}"])
def test_a_reference_that_leads_nowhere_fails(reference: str) -> None:
    variables = Variables({"codepipeline": {"X": "1"}})
    with pytest.raises(RehearsalError, match=reference):
        variables.fill(f"at the end {reference}")


def test_an_action_without_a_namespace_gives_nothing() -> None:
    variables = Variables({})
    variables.add(None, {"CommitId": "c"})
    with pytest.raises(RehearsalError):
        variables.fill("#{Source.CommitId}")


def test_an_action_that_runs_again_replaces_all_that_it_gave() -> None:
    variables = Variables({})
    variables.add("Build", {"IMAGE": "old", "EXTRA": "1"})
    variables.add("Build", {"IMAGE": "new"})
    assert variables.fill("#{Build.IMAGE}") == "new"
    with pytest.raises(RehearsalError):
        variables.fill("#{Build.EXTRA}")


def test_a_copy_is_not_changed_with_the_original() -> None:
    variables = Variables({"Source": {"CommitId": "first"}})
    kept = variables.copy()
    variables.add("Source", {"CommitId": "second"})
    variables.add("Build", {"IMAGE": "x"})
    assert kept.fill("#{Source.CommitId}") == "first"
    with pytest.raises(RehearsalError):
        kept.fill("#{Build.IMAGE}")


def test_a_configuration_is_filled_value_by_value_and_becomes_text() -> None:
    variables = Variables({"Source": {"CommitId": "c"}})
    assert variables.filled({"A": "#{Source.CommitId}", "B": 3, "#{Source.CommitId}": ""}) == {
        "A": "c",
        "B": "3",
        "#{Source.CommitId}": "",
    }
