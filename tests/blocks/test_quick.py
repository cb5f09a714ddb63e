"""Objects made quickly are the objects that troposphere makes, and what it refuses is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import troposphere
from troposphere import Output, Parameter, Ref, Sub, Tags, Template, cloudformation, ec2, ecs, iam, s3, sqs

from sendy_cfn import config, stacks
from sendy_cfn.blocks import quick
from sendy_cfn.blocks.order import settle
from sendy_cfn.render import render
from sendy_cfn.stacks.interface import Interface
from tests.generated import CASES
from tests.platforms import MINUTES, watched


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    before = quick.installed()
    yield
    (quick.install if before else quick.remove)()


def both(make: Callable[[], Any]) -> tuple[Any, Any]:
    """What comes of it with troposphere's constructor, and with ours once it knows all that comes up."""
    quick.remove()
    plain = outcome(make)
    assert quick.install()
    outcome(make)
    return plain, outcome(make)


def outcome(make: Callable[[], Any]) -> Any:
    try:
        made = make()
    except Exception as error:
        return type(error), str(error)
    return made


def test_the_installed_troposphere_is_the_one_that_was_compared() -> None:
    assert troposphere.__version__ == quick.KNOWN


@pytest.mark.parametrize("params", CASES, ids=lambda path: path.name)
def test_every_template_comes_out_the_same(params: Path) -> None:
    platform = config.load(params)
    worst = dict.fromkeys(platform.services, MINUTES)
    watch = dict.fromkeys(platform.services, watched(platform))

    def texts() -> dict[str, str]:
        interfaces: dict[str, Interface] = {}
        found = {}
        for unit in stacks.units(platform, worst, watch):
            template = unit.build(interfaces)
            settle(template)
            interfaces[unit.file] = Interface.of(template)
            found[unit.file] = render(template)
        return found

    plain, fast = both(texts)
    assert isinstance(plain, dict)
    assert fast == plain


class Named(s3.Bucket):
    BucketName = "given-by-the-class"


MADE: list[Callable[[], troposphere.BaseAWSObject]] = [
    lambda: ec2.VPC("Vpc", CidrBlock="10.0.0.0/16", EnableDnsSupport=True, Tags=Tags(Name="x")),
    lambda: ec2.VPC("Vpc", CidrBlock=Ref("Cidr"), DependsOn=s3.Bucket("Other"), Condition="Yes", Metadata={"a": 1}),
    lambda: ecs.Service("Service", Cluster="c", DesiredCount="2", LoadBalancers=[Ref("NoValue")]),
    lambda: iam.Role("Role", AssumeRolePolicyDocument={}, Path=Sub("/${A}/")),
    lambda: ec2.SecurityGroupRule(IpProtocol="tcp", FromPort="80", ToPort=80, CidrIp="0.0.0.0/0"),
    lambda: ec2.SecurityGroupRule("Titled", validation=False, IpProtocol="-1"),
    lambda: Named("Bucket"),
    lambda: Named("Bucket", BucketName="given-here"),
    lambda: Parameter("P", Type="Number", Default=1, MinValue="1"),
    lambda: Output("O", Value=Ref("A")),
    lambda: cloudformation.CustomResource("Custom", ServiceToken="arn", Anything=[1, {"a": Ref("B")}]),
    lambda: sqs.Queue("Queue", template=Template(), validation=False, DelaySeconds=1),
]


@pytest.mark.parametrize("make", MADE)
def test_objects_hold_the_same(make: Callable[[], troposphere.BaseAWSObject]) -> None:
    plain, fast = both(make)
    assert isinstance(plain, troposphere.BaseAWSObject), plain
    assert fast.to_dict(validation=False) == plain.to_dict(validation=False)
    assert vars(fast).keys() == vars(plain).keys()
    for name in ("title", "do_validation", "propnames", "attributes"):
        assert vars(fast)[name] == vars(plain)[name]
    assert list(fast.properties) == list(plain.properties)  # in the order they were given


REFUSED: list[Callable[[], object]] = [
    lambda: ec2.VPC("Vpc", CidrBlock=["10.0.0.0/16"]),
    lambda: ec2.VPC("Vpc", CidrBlok="10.0.0.0/16"),
    lambda: ec2.VPC("Not alphanumeric", CidrBlock="10.0.0.0/16"),
    lambda: ec2.VPC("Vpc", CidrBlock=Tags(Name="x")),
    lambda: ec2.VPC(CidrBlock="10.0.0.0/16"),  # type: ignore[call-arg]  # no title: what is tested
    lambda: ecs.Service("Service", DesiredCount="two"),
    lambda: ecs.Service("Service", LoadBalancers=ecs.LoadBalancer(ContainerPort=1)),
    lambda: ecs.Service("Service", LoadBalancers=["x"]),
    lambda: ecs.Service("Service", NetworkConfiguration=ecs.LoadBalancer(ContainerPort=1)),
    lambda: Parameter("P" * 300, Type="String"),
    lambda: Output("O", Value=None),
]


@pytest.mark.parametrize("make", REFUSED)
def test_mistakes_are_refused_in_the_same_words(make: Callable[[], object]) -> None:
    # Known to be right for other objects of these classes:
    right: list[Callable[[], object]] = [
        lambda: ec2.VPC("Vpc", CidrBlock="10.0.0.0/16"),
        lambda: ecs.Service("Service", DesiredCount=1, LoadBalancers=[ecs.LoadBalancer(ContainerPort=1)]),
        lambda: ecs.Service("Service", NetworkConfiguration=ecs.NetworkConfiguration()),
    ]
    quick.install()
    for known in right:
        known()
    plain, fast = both(make)
    assert isinstance(plain, tuple), "troposphere takes it"
    assert fast == (plain[0], plain[1].replace("BaseAWSObject.__init__", "make"))


def test_a_template_given_to_the_constructor_gets_the_object() -> None:
    quick.install()
    template = Template()
    queue = sqs.Queue("Queue", template=template)
    assert template.resources == {"Queue": queue}
