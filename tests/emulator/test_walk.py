"""Parts of the walkthrough that need no stacks."""

from __future__ import annotations

import sys
import urllib.error
import urllib.request

import pytest

from emulator.walk_actions import answering
from emulator.walk_shell import Command, StepError, brief, run
from rehearsal.dry.front import Answer
from rehearsal.events import RehearsalError
from rehearsal.variables import Variables


def get(url: str) -> tuple[int, str]:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=5) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_the_stand_in_answers_by_host_and_path() -> None:
    with answering(lambda host, path: Answer(200 if host == "a.example" else 503, f"{host} {path}")) as address:
        assert get(f"{address}/a.example/health") == (200, "a.example /health")
        assert get(f"{address}/a.example") == (200, "a.example /")
        assert get(f"{address}/b.example/v/1?x=/1") == (503, "b.example /v/1")


def test_a_stand_in_that_does_not_know_says_why() -> None:
    def confused(host: str, path: str) -> Answer:
        raise ValueError(f"nobody knows {host}{path}")

    with answering(confused) as address:
        assert get(f"{address}/a.example/health") == (500, "ValueError('nobody knows a.example/health')")


def test_a_commit_stands_for_all_that_a_source_says() -> None:
    variables = Variables({"Build": {"IMAGE_TAG": "b"}}, {"Code": "c"}).copy()
    assert variables.fill("#{Code.CommitId} #{Code.VersionId} #{Build.IMAGE_TAG}") == "c c b"
    variables.add("Code", {"CommitId": "d"})
    assert variables.fill("#{Code.CommitId}") == "d"
    with pytest.raises(RehearsalError, match=r"Build\.Other"):
        variables.fill("#{Build.Other}")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"BlueImage=1.dkr.ecr.eu.amazonaws.com/a/b@sha256:{'ab' * 32} x", "BlueImage=image abababababab x"),
        (f'{{"Version":"{"0a" * 20}"}}', '{"Version":"0a0a0a0"}'),
        ("key/0b1d2c3e-0000-4000-8000-000000000000", "key/0b1d2c3e-0000-4000-8000-000000000000"),
    ],
)
def test_images_and_commits_are_shown_in_brief(text: str, shown: str) -> None:
    assert brief(text) == shown


def test_commands_tell_what_they_printed_or_why_they_failed() -> None:
    def python(code: str) -> Command:
        return Command([sys.executable, "-c", code], {})

    assert run([python("print(1)"), python("print(2)")]) == ["1\n", "2\n"]
    with pytest.raises(StepError, match="ended with 3: too late"):
        run([python("print(1)"), python("import sys; print('too  late', file=sys.stderr); sys.exit(3)")])
