"""What a machine has, shown by programs in a folder of the test."""

from __future__ import annotations

from pathlib import Path

import pytest

from rehearsal.full import machine


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder with programs."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(machine, "_SYSTEM_FOLDERS", (str(tmp_path / "sbin"),))
    (tmp_path / "sbin").mkdir()
    return tmp_path


def install(folder: Path, name: str, script: str = "") -> None:
    file = folder / name
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)


def whole(folder: Path) -> None:
    for command in machine.PACKAGES:
        if not command.startswith("/"):
            install(folder, command)


def test_every_package_is_missing_once_from_an_empty_machine(folder: Path) -> None:
    assert set(machine.missing()) >= {"buildah", "haproxy", "iproute2", "unbound", "util-linux"}
    assert machine.missing() == sorted(set(machine.missing()))
    assert folder.is_dir()


def test_packages_are_named_not_commands(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "PACKAGES", {"ip": "iproute2", "unshare": "util-linux", str(folder / "a"): "base"})
    assert machine.missing() == ["base", "iproute2", "util-linux"]
    install(folder, "a")
    install(folder, "ip")
    assert machine.missing() == ["util-linux"]
    # Not in the PATH of everybody.
    install(folder / "sbin", "unshare")
    assert machine.missing() == []


def test_a_file_that_is_no_program_does_not_count(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "PACKAGES", {"ip": "iproute2"})
    (folder / "ip").write_text("")
    assert machine.missing() == ["iproute2"]


def test_what_is_missing_is_said(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(machine, "PACKAGES", {"haproxy": "haproxy", "ip": "iproute2"})
    install(folder, "ip")
    assert machine.main([]) == 1
    assert capsys.readouterr().err.splitlines() == ["a full rehearsal needs Debian's packages: apt-get install haproxy"]


def test_only_root_is_offered_an_installation(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "PACKAGES", {"haproxy": "haproxy"})
    install(folder, "apt-get", f'echo "$@" >>{folder}/asked')
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert machine.main(["--install"]) == 1
    assert not (folder / "asked").exists()


def test_root_gets_what_is_missing(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(machine, "PACKAGES", {"haproxy": "haproxy", "ip": "iproute2"})
    monkeypatch.setattr(machine, "refusal", lambda: "")
    monkeypatch.setattr("os.geteuid", lambda: 0)
    install(folder, "ip")
    install(folder, "apt-get", f'echo "$@" >>{folder}/asked; : >{folder}/haproxy; /bin/chmod +x {folder}/haproxy')
    assert machine.main(["--install"]) == 0
    update, wanted = (folder / "asked").read_text().splitlines()
    assert "update" in update
    assert wanted.split()[-2:] == ["haproxy", "-y"]
    assert capsys.readouterr().out == "installing haproxy from Debian\n"


def test_an_installation_that_fails(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(machine, "PACKAGES", {"haproxy": "haproxy"})
    monkeypatch.setattr("os.geteuid", lambda: 0)
    install(folder, "apt-get", "exit 100")
    assert machine.main(["--install"]) == 1
    errors = capsys.readouterr().err
    assert "apt-get -qq install ended with 100" in errors
    assert "apt-get install haproxy" in errors


def test_a_whole_machine(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole(folder)
    monkeypatch.setattr(machine, "refusal", lambda: "")
    assert set(machine.missing()) <= {"python3"}


def test_containers_are_for_root(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert "run it as root, or with sudo" in machine.refusal()
    monkeypatch.setattr("os.geteuid", lambda: 0)
    install(folder, "unshare", "echo 'Operation not permitted' >&2; exit 1")
    assert machine.refusal() == "this machine allows no namespaces or bridges: Operation not permitted"
    install(folder, "unshare")
    assert machine.refusal() == ""


def test_versions_are_what_the_programs_say(folder: Path) -> None:
    for name in ("buildah", "crun", "haproxy", "unbound", "git"):
        install(folder, name, f"echo '{name} version 1.{len(name)}, other 2'")
    found = machine.versions()
    assert (found["buildah"], found["haproxy"], found["git"]) == ("1.7", "1.7", "1.3")
    install(folder, "crun", "echo none")
    assert machine.versions()["crun"] == "?"
    assert int(found["cores"]) > 0
