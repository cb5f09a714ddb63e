import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from emulator import Emulator, StartError, client, names, running
from emulator.driver import Stacks
from tests.emulator.templates import body, resource

ROOT = Path(client.__file__).parent.parent


def test_a_ministack_without_the_patched_names_ends_with_2(tmp_path: Path) -> None:
    package = tmp_path / "ministack"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "app.py").write_text("def main(): raise AssertionError('must not start')\n")
    result = subprocess.run(
        [sys.executable, "-m", "emulator", "--port", "1", "--state", str(tmp_path / "state")],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 2
    assert result.stderr.startswith("emulator: ministack ")
    assert "ministack.services.ssm" in result.stderr


def test_the_check_names_what_is_missing_and_nothing_else() -> None:
    names.check()
    with pytest.raises(names.MissingNamesError, match=r"lacks: ministack\.app\.gone$"):
        names.check({"ministack.app": ("main", "gone")})


def test_accounts_are_isolated(emulator: Emulator) -> None:
    one, two = Stacks(emulator, "300000000001"), Stacks(emulator, "300000000002")
    topic = body({"Topic": resource("AWS::SNS::Topic", {"TopicName": "news"})})
    assert [one.create("same", topic), two.create("same", topic)] == ["CREATE_COMPLETE"] * 2
    assert one.delete("same") == "DELETE_COMPLETE"
    assert two.statuses() == {"same": "CREATE_COMPLETE"}
    assert set(two.resolved("same")) == {"Topic"}
    assert one.resolved("same") == {}


def test_the_command_line_environment_is_complete(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "mine")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "secret")
    environment = emulator.environment("300000000003")
    result = subprocess.run(
        [sys.executable, "-m", "awscli", "sts", "get-caller-identity", "--query", "Account", "--output", "text"],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout.strip() == "300000000003"
    assert "AWS_PROFILE" not in environment
    assert "AWS_SESSION_TOKEN" not in environment


def test_it_ends_with_its_block_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(KeyboardInterrupt), running() as started:  # noqa: PT012 - the block is the test
        started.client("s3").create_bucket(
            Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": started.region}
        )
        raise KeyboardInterrupt
    host, port = started.url.removeprefix("http://").split(":")
    with socket.socket() as probe:
        assert probe.connect_ex((host, int(port))) != 0
    assert list(tmp_path.iterdir()) == []


def test_it_listens_on_the_loopback_address_only(emulator: Emulator) -> None:
    port = int(emulator.url.rsplit(":", 1)[1])
    listening = [line.split()[1] for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    # 127.0.0.1 in the byte order of /proc.
    assert [address for address in listening if address.endswith(f":{port:04X}")][:1] == [f"0100007F:{port:04X}"]
    assert f"00000000:{port:04X}" not in listening


def test_a_start_that_fails_says_why(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(client, "_ROOT", tmp_path)
    with pytest.raises(StartError, match="No module named emulator"), running():
        pass
