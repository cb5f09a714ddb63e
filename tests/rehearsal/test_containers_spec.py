from pathlib import Path
from typing import Any

import pytest

from rehearsal.events import Events, NotRehearsedError, RehearsalError
from rehearsal.full import container_spec
from rehearsal.full.container_spec import Image, Place

PLACE = Place(Path("/own"), Path("/network"), "10.200.0.5")
CONFIG = {
    "Env": ["A=image", "B=image", "PATH=/image"],
    "Entrypoint": ["/entry"],
    "Cmd": ["from", "image"],
    "WorkingDir": "/app",
    "User": "app",
}


@pytest.fixture
def image(tmp_path: Path) -> Image:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\napp:x:1001:1002:::\nbroken\n")
    (tmp_path / "etc/group").write_text("root:x:0:\nstaff:x:50:\n")
    return Image("sha256:0", tmp_path, CONFIG)


def spec(image: Image, secrets: dict[str, str] | None = None, **definition: Any) -> dict[str, Any]:
    return container_spec.build({"name": "orders", **definition}, secrets or {}, image, PLACE)


def variables(found: dict[str, Any]) -> dict[str, str]:
    return dict(item.split("=", 1) for item in found["process"]["env"])


class TestProcess:
    @pytest.mark.parametrize(
        ("definition", "words"),
        [
            ({}, ["/entry", "from", "image"]),
            ({"command": ["mine"]}, ["/entry", "mine"]),
            ({"entryPoint": ["sh", "-c"]}, ["sh", "-c"]),
            ({"entryPoint": ["sh", "-c"], "command": ["x"]}, ["sh", "-c", "x"]),
            ({"command": ["x"], "linuxParameters": {"initProcessEnabled": True}}, ["/dev/init", "--", "/entry", "x"]),
        ],
    )
    def test_runs_what_definition_and_image_say(
        self, image: Image, definition: dict[str, Any], words: list[str]
    ) -> None:
        assert spec(image, **definition)["process"]["args"] == words

    def test_needs_something_to_run(self, tmp_path: Path) -> None:
        with pytest.raises(RehearsalError, match="orders: neither"):
            spec(Image("sha256:0", tmp_path, {}))

    def test_secrets_win_over_the_definition_and_that_over_the_image(self, image: Image) -> None:
        environment = [{"name": "B", "value": "definition"}, {"name": "C", "value": "definition"}]
        found = variables(spec(image, {"C": "a=secret"}, environment=environment))
        assert (found["A"], found["B"], found["C"], found["PATH"]) == ("image", "definition", "a=secret", "/image")
        assert found["HOSTNAME"] == "ip-10-200-0-5"

    def test_works_where_it_is_told(self, image: Image) -> None:
        assert spec(image)["process"]["cwd"] == "/app"
        assert spec(image, workingDirectory="/x")["process"]["cwd"] == "/x"

    @pytest.mark.parametrize(
        ("user", "uid", "gid"),
        [("", 1001, 1002), ("10001", 10001, 0), ("10001:7", 10001, 7), ("root", 0, 0), ("app:staff", 1001, 50)],
    )
    def test_is_the_user_of_definition_or_image(self, image: Image, user: str, uid: int, gid: int) -> None:
        assert spec(image, user=user)["process"]["user"] == {"uid": uid, "gid": gid}

    @pytest.mark.parametrize("user", ["bob", "app:none"])
    def test_needs_a_known_user(self, image: Image, user: str) -> None:
        with pytest.raises(RehearsalError, match=f"user {user}"):
            spec(image, user=user)

    def test_sets_limits(self, image: Image) -> None:
        limits = [{"name": "nofile", "softLimit": 10, "hardLimit": 20}]
        assert spec(image, ulimits=limits)["process"]["rlimits"] == [{"type": "RLIMIT_NOFILE", "soft": 10, "hard": 20}]


class TestCapabilities:
    def test_root_holds_those_that_are_left(self, image: Image) -> None:
        changed = {"capabilities": {"drop": ["CHOWN"], "add": ["SYS_PTRACE"]}}
        found = spec(image, user="0", linuxParameters=changed)["process"]["capabilities"]
        assert "CAP_CHOWN" not in found["bounding"]
        assert {"CAP_SYS_PTRACE", "CAP_KILL"} <= set(found["effective"])

    def test_other_users_hold_none(self, image: Image) -> None:
        found = spec(image)["process"]["capabilities"]
        assert found["effective"] == found["permitted"] == []
        assert found["bounding"]

    def test_all_may_be_dropped_but_not_added(self, image: Image) -> None:
        dropped = {"capabilities": {"drop": ["ALL"]}}
        assert spec(image, user="0", linuxParameters=dropped)["process"]["capabilities"]["bounding"] == []
        with pytest.raises(NotRehearsedError):
            spec(image, linuxParameters={"capabilities": {"add": ["ALL"]}})


class TestFiles:
    @staticmethod
    def mount(found: dict[str, Any], destination: str) -> dict[str, Any]:
        (mount,) = [mount for mount in found["mounts"] if mount["destination"] == destination]
        assert isinstance(mount, dict)
        return mount

    def test_are_read_only_when_the_definition_says_so(self, image: Image) -> None:
        assert spec(image)["root"] == {"path": "/own", "readonly": False}
        assert spec(image, readonlyRootFilesystem=True)["root"]["readonly"] is True

    def test_have_file_systems_in_memory(self, image: Image) -> None:
        found = spec(
            image,
            linuxParameters={
                "tmpfs": [{"containerPath": "/tmp", "size": 64, "mountOptions": ["mode=700"]}],
                "sharedMemorySize": 128,
            },
            mountPoints=[{"containerPath": "/data", "sourceVolume": "v", "readOnly": True}],
        )
        assert {"size=64m", "mode=700"} <= set(self.mount(found, "/tmp")["options"])
        assert "size=128m" in self.mount(found, "/dev/shm")["options"]
        assert "ro" in self.mount(found, "/data")["options"]

    def test_nothing_is_mounted_for_an_init_process_without_one(self, image: Image) -> None:
        assert "/dev/init" not in [mount["destination"] for mount in spec(image)["mounts"]]
        self.mount(spec(image, linuxParameters={"initProcessEnabled": True}), "/dev/init")


def test_a_container_has_the_network_of_its_task_and_nothing_of_the_machine(image: Image) -> None:
    namespaces = {item["type"]: item.get("path") for item in spec(image)["linux"]["namespaces"]}
    assert namespaces == {"network": "/network", "pid": None, "ipc": None, "uts": None, "mount": None}


@pytest.mark.parametrize(("said", "number"), [("", 15), ("SIGQUIT", 3), ("INT", 2), ("9", 9)])
def test_an_image_says_how_it_is_stopped(said: str, number: int) -> None:
    assert Image("sha256:0", Path("/"), {"StopSignal": said}).stop_signal == number


@pytest.mark.parametrize("said", ["SIGNONE", "999"])
def test_an_unknown_signal_is_an_error(said: str) -> None:
    with pytest.raises(RehearsalError, match=said):
        _ = Image("sha256:0", Path("/"), {"StopSignal": said}).stop_signal


class TestMissing:
    def test_names_what_is_left_out(self) -> None:
        events = Events()
        definition = {
            "name": "orders",
            "memory": 512,
            "cpu": 0,
            "privileged": True,
            "newKey": "x",
            "volumesFrom": [],
            "linuxParameters": {"initProcessEnabled": True, "maxSwap": 1},
            "mountPoints": [{"containerPath": "/x", "sourceVolume": "v"}],
        }
        container_spec.missing(definition, events)
        assert {what.split()[0] for what in events.missing} == {
            *("memory", "privileged", "newKey", "linuxParameters.maxSwap", "volumes"),
        }

    def test_is_nothing_for_what_is_played(self) -> None:
        events = Events()
        definition = {"name": "orders", "user": "1", "readonlyRootFilesystem": True, "command": ["x"], "image": "i"}
        container_spec.missing(definition, events)
        assert events.missing == {}
