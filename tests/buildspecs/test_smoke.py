"""The smoke test against services that are well, late, old, slow, broken or flapping."""

import time
from pathlib import Path

import pytest

from sendy_cfn.blocks.buildspecs import load
from tests.buildspecs.conftest import Tools
from tests.buildspecs.junit import cases
from tests.buildspecs.runner import Outcome, run
from tests.buildspecs.servers import (
    COMMIT,
    OLD,
    Behaviour,
    Reply,
    failing,
    hanging,
    healthy,
    outdated,
    sample,
    serve,
    slow,
)


def smoke(source: Path, tools: Tools, url: str, **environment: str) -> Outcome:
    contract = {"SERVICE_URL": url, "EXPECTED_VERSION": COMMIT, "SMOKE_TIMEOUT_SECONDS": "30"}
    return run(load("smoke"), source, {**tools.environment, **contract, **environment})


def problems(outcome: Outcome) -> list[str]:
    (file,) = outcome.reports["smoke"]
    return [problem for problem in cases(file).values() if problem]


def test_the_released_sample_passes(source: Path, tools: Tools) -> None:
    with sample() as url:
        outcome = smoke(source, tools, url)
    assert outcome.succeeded, outcome.log
    assert problems(outcome) == []


def test_asks_for_five_good_answers(source: Path, tools: Tools) -> None:
    with serve(healthy) as service:
        assert smoke(source, tools, service.url).succeeded
    assert service.requests == ["GET /health", "GET /version"] * 5


@pytest.mark.parametrize("behaviour", [healthy, slow])
def test_a_service_may_take_its_time(source: Path, tools: Tools, behaviour: Behaviour) -> None:
    with serve(behaviour) as service:
        outcome = smoke(source, tools, service.url)
    assert outcome.succeeded, outcome.log
    assert problems(outcome) == []


def test_paths_and_a_url_below_a_path(source: Path, tools: Tools) -> None:
    def below(path: str, number: int) -> Reply:
        return healthy(path.removeprefix("/api").replace("/up", "/health").replace("/about", "/version"), number)

    with serve(below) as service:
        outcome = smoke(source, tools, f"{service.url}/api/", HEALTH_PATH="/up", VERSION_PATH="/about")
    assert outcome.succeeded, outcome.log
    assert set(service.requests) == {"GET /api/up", "GET /api/about"}


def late(path: str, number: int) -> Reply:
    """The new release takes over after a few answers of the old one."""
    return OLD if path == "/version" and number < 6 else healthy(path, number)


def test_waits_for_the_release_to_take_over(source: Path, tools: Tools) -> None:
    with serve(late) as service:
        outcome = smoke(source, tools, service.url)
    assert outcome.succeeded, outcome.log
    assert "reports not" in outcome.log


def moved(_: str, __: int) -> Reply:
    return Reply(301)


def no_version(path: str, number: int) -> Reply:
    return Reply(404, COMMIT) if path == "/version" else healthy(path, number)


def flapping(path: str, number: int) -> Reply:
    """Three good rounds, then a bad answer: never five good rounds in a row."""
    return Reply(500) if number % 7 == 6 else healthy(path, number)


def two_releases(path: str, number: int) -> Reply:
    """An old task still answers now and then."""
    return OLD if path == "/version" and number % 6 == 5 else healthy(path, number)


@pytest.mark.parametrize(
    ("behaviour", "problem"),
    [
        (outdated, "/version reports not " + COMMIT),
        (failing, "/health answered 503"),
        (moved, "/health answered 301"),
        (no_version, "/version answered 404"),
        (hanging, "/health answered 000"),
        (flapping, "answered 500"),
        (two_releases, "/version reports not " + COMMIT),
    ],
)
def test_fails_in_time(source: Path, tools: Tools, behaviour: Behaviour, problem: str) -> None:
    started = time.monotonic()
    with serve(behaviour) as service:
        outcome = smoke(source, tools, service.url, SMOKE_TIMEOUT_SECONDS="2")
    assert not outcome.succeeded
    assert time.monotonic() - started < 10
    (found,) = problems(outcome)
    assert found.startswith("not within 2 s: ")
    assert problem in found


def test_fails_when_nothing_listens(source: Path, tools: Tools) -> None:
    with serve(healthy) as service:
        pass
    outcome = smoke(source, tools, service.url, SMOKE_TIMEOUT_SECONDS="1")
    assert not outcome.succeeded
    assert "answered 000 curl: (7)" in problems(outcome)[0]


@pytest.mark.parametrize("missing", ["EXPECTED_VERSION", "SERVICE_URL"])
def test_an_empty_expectation_is_an_error(source: Path, tools: Tools, missing: str) -> None:
    with serve(healthy) as service:
        outcome = smoke(source, tools, service.url, **{missing: ""})
    assert not outcome.succeeded
    assert missing in outcome.log
    assert service.requests == []


@pytest.mark.parametrize("version", ["null", "1", COMMIT[:6]])
def test_a_version_that_tells_no_releases_apart_is_an_error(source: Path, tools: Tools, version: str) -> None:
    """`null`, which an S3 bucket without versioning has, is somewhere in most JSON."""
    with serve(lambda _path, _number: Reply(200, f'{{"version": null, "{version}": 1}}')) as service:
        outcome = smoke(source, tools, service.url, EXPECTED_VERSION=version)
    assert not outcome.succeeded
    assert f"version '{version}' is too short to tell releases apart" in outcome.log
    assert service.requests == []


def test_seven_characters_of_a_commit_are_enough(source: Path, tools: Tools) -> None:
    with serve(healthy) as service:
        outcome = smoke(source, tools, service.url, EXPECTED_VERSION=COMMIT[:7])
    assert outcome.succeeded, outcome.log


@pytest.mark.parametrize(("command", "succeeded"), [("test -n $SERVICE_URL", True), ("false\ntrue", False)])
def test_own_commands_come_after_the_default_checks(
    source: Path, tools: Tools, command: str, *, succeeded: bool
) -> None:
    commands = f"echo own of $SERVICE\n{command}"
    with sample() as url:
        outcome = smoke(source, tools, url, SERVICE="orders", SMOKE_COMMANDS=commands)
    assert outcome.succeeded == succeeded, outcome.log
    assert "own of orders\n" in outcome.log
    (file,) = outcome.reports["smoke"]
    assert bool(cases(file)["SMOKE_COMMANDS"]) != succeeded


def test_own_commands_do_not_run_on_a_bad_release(source: Path, tools: Tools) -> None:
    with serve(failing) as service:
        outcome = smoke(source, tools, service.url, SMOKE_TIMEOUT_SECONDS="1", SMOKE_COMMANDS="touch ran")
    assert not outcome.succeeded
    assert not (source / "ran").exists()


@pytest.mark.parametrize(("mode", "succeeded"), [(0o755, True), (0o644, False)])
def test_a_hook_that_can_not_be_made_executable_is_not_passed_over(
    source: Path, tools: Tools, mode: int, *, succeeded: bool
) -> None:
    tools.script("chmod", "#!/bin/sh\nexit 1\n")
    hook = source / ".pipeline" / "smoke"
    hook.parent.mkdir()
    hook.write_text("#!/bin/sh\ntouch ran\n")
    hook.chmod(mode)
    with serve(healthy) as service:
        outcome = smoke(source, tools, service.url)
    assert outcome.succeeded == succeeded, outcome.log
    assert (source / "ran").exists() == succeeded
    (file,) = outcome.reports["smoke"]
    assert cases(file)[".pipeline/smoke"] == ("" if succeeded else "exit status 126, see the build log")
