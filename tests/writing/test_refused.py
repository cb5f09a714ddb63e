"""Folders that can't be written or replaced, and file systems that lack something."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path

import pytest

from tests.writing import launcher
from tests.writing.gate import Plan
from tests.writing.rooms import Room, room
from tests.writing.site import NEW, OLD, Ended, Site, files

NOBODY = 65534
BOUND = (sys.executable, "-I", "-S", launcher.__file__, "-")  # permissions hold, even for root


def refused(done: Ended, site: Site, reason: str) -> None:
    """It said why, and nothing is different."""
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.endswith(f"{reason}; nothing was changed\n")
    assert len(done.stderr.splitlines()) == 1
    assert site.is_whole() == OLD
    assert site.names() == site.clean


def permissions_hold(site: Site) -> bool:
    """Whether a folder without permission to write can't be written to by commands that are started so."""
    probe = site.folder / "params"
    probe.chmod(0o555)
    done = site.run(command=("-c", "open('params/probe', 'w')"), start=BOUND)
    probe.chmod(0o755)
    (probe / "probe").unlink(missing_ok=True)
    return done.returncode != 0


@pytest.mark.parametrize("name", [".", "templates"])
def test_a_folder_without_permission_to_write(site: Site, name: str) -> None:
    """The one above has to be written, and the folder itself: a write-protected one is meant to stay as it is."""
    path = site.folder / name
    if not permissions_hold(site):
        stands_in(site, errno.EACCES, "Permission denied")
        return
    path.chmod(0o555)
    try:
        refused(site.run(start=BOUND), site, "Permission denied")
        assert site.run("--check", start=BOUND).returncode == 1
        site.want(OLD)
        for _ in range(2):  # with and without memory: where nothing is to be written, nothing is refused
            done = site.run(start=BOUND)
            assert (done.returncode, done.stderr) == (0, "")
            for memory in (site.folder / ".cache").iterdir():
                memory.unlink()
    finally:
        path.chmod(0o755)


def stands_in(site: Site, number: int, reason: str) -> None:
    """Where this machine doesn't let us make the real thing: the exchange fails as it would."""
    calls = site.gated(Plan()).calls
    site.restore()
    done = site.gated(Plan(calls.index("exchange") + 1, errno=number))
    assert (done.status, done.out) == (2, "")
    assert done.err.endswith(f"{reason}; nothing was changed\n")
    assert site.is_whole() == OLD
    assert site.names() == site.clean


def test_folders_in_it_without_permission_to_write_are_replaced(site: Site) -> None:
    """Only the one above has a say; the old ones can be removed all the same."""
    (site.folder / "templates/config").chmod(0o555)
    (site.folder / "templates/config/test").chmod(0o555)
    done = site.run(start=BOUND)
    assert (done.returncode, done.stderr) == (0, "")
    assert site.is_whole() == NEW
    assert site.names() == site.clean


@pytest.mark.parametrize("kind", ["link", "folder"])
def test_what_another_user_left_is_not_used(site: Site, kind: str) -> None:
    """Below /tmp anybody can make a folder of that name, and would be given what is written to it."""
    beside, params = site.folder / ".templates.new", files(site.folder / "params")
    if kind == "folder" and os.geteuid() == 0:
        beside.mkdir()
        os.chown(beside, NOBODY, NOBODY)
    else:
        beside.symlink_to(site.folder / "params")
    done = site.run()
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.endswith("/.templates.new: was made by another user; delete it; nothing was changed\n")
    assert site.is_whole() == OLD
    assert files(site.folder / "params") == params
    site.restore()


def test_a_link_to_the_folder_stays_one(site: Site) -> None:
    (site.folder / "elsewhere").mkdir()
    (site.folder / "templates").rename(site.folder / "elsewhere/real")
    (site.folder / "templates").symlink_to("elsewhere/real", target_is_directory=True)
    done = site.run()
    assert (done.returncode, done.stderr) == (0, "")
    assert (site.folder / "templates").readlink() == Path("elsewhere/real")
    assert files(site.folder / "elsewhere/real") == site.new
    assert [path.name for path in (site.folder / "elsewhere").iterdir()] == ["real"]
    (site.folder / "templates").unlink()
    site.remove("elsewhere")


def test_a_link_to_nothing_is_followed(site: Site) -> None:
    site.remove("templates")
    (site.folder / "templates").symlink_to("later/real")
    done = site.run()
    assert (done.returncode, done.stderr) == (0, "")
    assert files(site.folder / "later/real").keys() < site.new.keys()
    assert [path.name for path in (site.folder / "later").iterdir()] == ["real"]
    (site.folder / "templates").unlink()
    site.remove("later")


def test_folders_above_are_made_and_go_again_with_a_failure(site: Site) -> None:
    (site.folder / "params/platform.yaml").write_text("platform: 1\n")
    assert site.run("--out", "very/new/out").returncode == 2
    assert site.names() == site.clean
    site.restore()
    assert site.run("--out", "very/new/out").returncode == 0
    assert sorted(path.name for path in (site.folder / "very/new").iterdir()) == ["out"]
    site.remove("very")


@pytest.mark.parametrize("number", [errno.EPERM, errno.EMLINK, errno.ENOTSUP])
def test_a_file_system_without_hard_links(site: Site, number: int) -> None:
    done = site.gated(Plan(always={"link": number}))
    assert (done.status, done.err) == (0, "")
    assert done.calls.count("link") > 10
    assert site.is_whole() == NEW
    assert site.names() == site.clean


def test_a_file_system_without_locks(site: Site) -> None:
    """Then whose folder it is decides, and one that a killed run left has to be deleted by hand."""
    plan = Plan(always={"lock": errno.ENOLCK})
    done = site.gated(plan)
    assert (done.status, done.err) == (0, "")
    assert site.is_whole() == NEW
    assert site.names() == site.clean

    site.restore()
    (site.folder / ".templates.new").mkdir()
    done = site.gated(plan)
    assert done.status == 2
    assert ".templates.new: another run is writing, or was killed and this can be deleted" in done.err
    assert site.is_whole() == OLD
    assert (site.folder / ".templates.new").is_dir()


def mounted(site: Site, mounts: str) -> tuple[Room | None, Ended]:
    with room(mounts) as there:
        if there is None:
            return None, site.run("--help")
        return there, site.run(start=there.within(site.folder))


def test_a_read_only_file_system(site: Site) -> None:
    folder = site.folder
    there, done = mounted(site, f"mount --bind '{folder}' '{folder}'\nmount -o remount,ro,bind '{folder}'")
    if there is None:
        gated = site.gated(Plan(1, errno=errno.EROFS, onwards=True))
        assert gated.err.endswith("Read-only file system; nothing was changed\n")
        assert site.is_whole() == OLD
        return
    refused(done, site, f"{folder}/.templates.new: Read-only file system")


def test_a_folder_that_is_a_mount_point(site: Site, tmp_path: Path) -> None:
    """It can't be exchanged by anybody."""
    reason = "is a mount point and can't be replaced; choose a folder in it, or mount the one above"
    there, done = mounted(site, f"mount --bind '{site.folder}/templates' '{site.folder}/templates'")
    if there is None:
        stands_in(site, errno.EBUSY, reason)
        return
    refused(done, site, reason)
    with room(f"mount -t tmpfs none '{tmp_path}'") as other:  # of another file system than the folder above
        assert other is not None
        done = site.run("--out", str(tmp_path), start=other.within(site.folder))
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.endswith(f"{reason}; nothing was changed\n")
        done = site.run("--out", str(tmp_path / "in/it"), start=other.within(site.folder))
        assert (done.returncode, done.stderr) == (0, "")
        assert files(other.path(tmp_path / "in/it")).keys() < site.new.keys()


def test_a_folder_of_a_container_image(site: Site, tmp_path: Path) -> None:
    """Folders of a lower layer can't be renamed: https://docs.kernel.org/filesystems/overlayfs.html#renaming-directories"""
    reason = "is of another file system or of a container image, and can't be replaced; choose another, or copy it"
    lower = site.folder
    layers = f"mount -t tmpfs none '{tmp_path}'\nmkdir '{tmp_path}/upper' '{tmp_path}/work' '{tmp_path}/seen'\n"
    options = f"lowerdir={lower},upperdir={tmp_path}/upper,workdir={tmp_path}/work,userxattr"
    with room(f"{layers}mount -t overlay -o {options} none '{tmp_path}/seen'") as image:
        if image is None:
            stands_in(site, errno.EXDEV, reason)
            return
        within = image.within(tmp_path / "seen")
        done = site.run(start=within)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.endswith(f"{reason}; nothing was changed\n")
        seen = image.path(tmp_path / "seen")
        assert files(seen / "templates") == site.old
        assert not os.path.lexists(seen / ".templates.new")
        assert site.run("--out", "other", start=within).returncode == 0
        site.want(OLD)
        assert site.run("--out", "other", start=within).returncode == 0
        assert files(seen / "other").keys() < site.old.keys()
