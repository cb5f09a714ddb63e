"""The first deployment in an account, against the emulator."""

from __future__ import annotations

import datetime

import pytest

from emulator import Emulator
from emulator.driver import Stacks
from sendy_cfn import first_time
from sendy_cfn.aws import Account
from sendy_cfn.progress import Event
from tests.platforms import ROOT
from tests.project import REGION, sign_in

NOW = datetime.datetime.now(datetime.UTC)


def test_the_role_of_ecs_is_made_once(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    sign_in(emulator, monkeypatch)
    account = Account(REGION)

    said = first_time.ecs_role(account)

    assert said is not None
    assert account.id in said
    (role,) = account.client("iam").list_roles(PathPrefix="/aws-service-role/ecs.amazonaws.com/")["Roles"]
    assert role["RoleName"] in said
    assert first_time.ecs_role(account) is None


def test_name_servers_are_told_while_the_certificate_waits(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stacks = Stacks(emulator, sign_in(emulator, monkeypatch), "eu-central-1")
    template = ROOT / "templates/environment.yaml"
    values = {"Environment": "test", "DomainName": "test.courier.example", "VpcCidr": "10.0.0.0/16"}
    values["TestTrafficCidr"] = "203.0.113.0/24"
    assert stacks.create("courier-test", stacks.package(template), values) == "CREATE_COMPLETE"
    shown: list[Event] = []
    look = first_time.tell_name_servers(stacks.client("cloudformation"), "courier-test", shown.append)

    for kind, status in (
        ("AWS::EC2::VPC", "CREATE_IN_PROGRESS"),
        (first_time.CERTIFICATE, "CREATE_IN_PROGRESS"),
        (first_time.CERTIFICATE, "CREATE_COMPLETE"),
    ):
        look(Event(NOW, "ClusterBlue/Certificate", kind, status, ""))

    assert len(shown) == 3
    (line,) = capsys.readouterr().out.splitlines()
    zones = stacks.client("route53").list_hosted_zones()["HostedZones"]
    (zone,) = [zone for zone in zones if zone["Name"].startswith("test.courier.example")]
    servers = stacks.client("route53").get_hosted_zone(Id=zone["Id"])["DelegationSet"]["NameServers"]
    assert all(server.rstrip(".") in line for server in servers)


def test_without_a_hosted_zone_nothing_is_told(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    stacks = Stacks(emulator, sign_in(emulator, monkeypatch), REGION)
    assert list(first_time.name_servers(stacks.client("cloudformation"), "no-such-stack")) == []
