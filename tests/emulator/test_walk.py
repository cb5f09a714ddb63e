"""Parts of the walkthrough that need no stacks."""

from __future__ import annotations

import sys
import urllib.error
import urllib.request

import pytest

from emulator.walk_service import Reply, answering
from emulator.walk_shell import Command, StepError, brief, run


def get(url: str) -> tuple[int, str]:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=5) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_the_stand_in_answers_by_host_whatever_the_path() -> None:
    with answering(lambda host: Reply(200 if host == "a.example" else 503, host)) as address:
        assert get(f"{address}/a.example/health") == (200, "a.example")
        assert get(f"{address}/a.example") == (200, "a.example")
        assert get(f"{address}/b.example/version?x=/1") == (503, "b.example")


def test_a_stand_in_that_does_not_know_says_why() -> None:
    def confused(host: str) -> Reply:
        raise ValueError(f"nobody knows {host}")

    with answering(confused) as address:
        assert get(f"{address}/a.example/health") == (500, "ValueError('nobody knows a.example')")


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
