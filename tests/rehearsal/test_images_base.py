import json
import tarfile
from pathlib import Path

import pytest

from rehearsal.events import RehearsalError
from rehearsal.full import debian_base, oci
from rehearsal.full.debian_base import Package

STATUS = (
    "python3\t3.11\tinstalled\tpython3\tminimal (= 3.11), libc6:any (>= 2) | other, missing\t\n"
    "minimal\t3.11\tinstalled\tminimal\t, \t\n"
    "libc-real\t2.36\tinstalled\tlibc-real:amd64\t, gcc\tlibc6 (= 2.36)\n"
    "gcc\t12\tinstalled\tgcc\tlibc-real, \t\n"
    "gone\t1\tconfig-files\tgone\t, \t\n"
    "unneeded\t1\tinstalled\tunneeded\t, \t\n"
)


def file(root: Path, path: str, text: str = "") -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text)


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """The files of a machine on which /bin and /lib are links."""
    root = tmp_path / "machine"
    for path in ("usr/bin/dash", "usr/share/doc/dash/copyright", "usr/lib/python3/os.py", "etc/issue"):
        file(root, path, path)
    for name in ("os.cpython-311.pyc", "os.cpython-311.opt-1.pyc", "other.cpython-311.pyc"):
        file(root, f"usr/lib/python3/__pycache__/{name}")
    (root / "usr/bin/sh").symlink_to("dash")
    (root / "bin").symlink_to("usr/bin")
    (root / "lib").symlink_to("usr/lib")
    return root


class TestClosure:
    def test_follows_dependencies_through_what_packages_provide(self) -> None:
        found = debian_base.closure(debian_base.installed(STATUS), ["python3"])
        assert [package.name for package in found] == ["gcc", "libc-real", "minimal", "python3"]
        assert [package.qualified for package in found if package.name == "libc-real"] == ["libc-real:amd64"]

    @pytest.mark.parametrize("seed", ["gone", "absent"])
    def test_says_what_is_not_installed(self, seed: str) -> None:
        with pytest.raises(RehearsalError, match=seed):
            debian_base.closure(debian_base.installed(STATUS), ["gcc", seed])

    def test_takes_all_alternatives_that_are_installed(self) -> None:
        packages = [Package(name, "1", name, (), ()) for name in ("b", "c")]
        first = Package("a", "1", "a", (("b", "c", "d"),), ())
        assert len(debian_base.closure([first, *packages], ["a"])) == 3


class TestPaths:
    def test_are_where_files_really_are(self, machine: Path) -> None:
        found = debian_base.paths(["/.", "/bin", "/bin/sh", "/bin/dash"], machine)
        assert found == ["/bin", "/lib", "/usr", "/usr/bin", "/usr/bin/dash", "/usr/bin/sh"]

    def test_leave_out_documents_and_what_does_not_exist(self, machine: Path) -> None:
        listed = ["package diverts others to: /bin/x", "/usr/share/doc/dash/copyright", "/etc/none", "/etc/issue"]
        assert debian_base.paths(listed, machine) == ["/bin", "/etc", "/etc/issue", "/lib"]

    def test_have_what_python_compiled(self, machine: Path) -> None:
        found = debian_base.paths(["/usr/lib/python3/os.py"], machine)
        assert "/usr/lib/python3/__pycache__/os.cpython-311.pyc" in found
        assert not [path for path in found if "other" in path or "opt-1" in path]


class TestImage:
    @staticmethod
    def write(folder: Path, machine: Path) -> oci.Layout:
        names = debian_base.paths(["/bin/sh", "/bin/dash", "/etc/issue"], machine)
        debian_base.write(folder, names, "arm64", machine)
        return oci.Layout(folder)

    def test_has_the_files_and_users_of_its_own(self, tmp_path: Path, machine: Path) -> None:
        layout = self.write(tmp_path / "layout", machine)
        manifest = layout.read(layout.entries()[0]["digest"])
        (layer,) = manifest["layers"]
        with tarfile.open(layout.blobs / layer["digest"].removeprefix("sha256:")) as tar:
            assert tar.getmember("bin").linkname == "usr/bin"
            assert tar.getmember("usr/bin/sh").linkname == "dash"
            issue, users = tar.extractfile("etc/issue"), tar.extractfile("etc/passwd")
            assert issue is not None
            assert issue.read() == b"etc/issue"
            assert users is not None
            assert users.read().startswith(b"root:x:0:0:")
        config = layout.read(manifest["config"]["digest"])
        assert config["architecture"] == "arm64"
        assert config["rootfs"]["diff_ids"] == [layer["digest"]]
        assert len(config["history"]) == 1

    def test_is_the_same_for_the_same_files(self, tmp_path: Path, machine: Path) -> None:
        first, second = (self.write(tmp_path / name, machine) for name in ("one", "two"))
        assert first.entries() == second.entries()
        assert json.loads((first.folder / "index.json").read_text())["manifests"][0]["annotations"] == {
            oci.REF_NAME: debian_base.TAG
        }
