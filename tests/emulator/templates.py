"""Small templates for the tests of the emulator."""

import json
from collections.abc import Mapping
from typing import Any

Json = Mapping[str, Any]


def body(resources: Json, outputs: Json | None = None, **sections: Any) -> str:
    named = {name: {"Value": value} for name, value in (outputs or {}).items()}
    return json.dumps({"AWSTemplateFormatVersion": "2010-09-09", **sections, "Resources": resources, "Outputs": named})


def resource(kind: str, properties: Json | None = None, **attributes: Any) -> dict[str, Any]:
    return {"Type": kind, "Properties": properties or {}, **attributes}


def ref(name: str) -> dict[str, str]:
    return {"Ref": name}


def att(name: str, attribute: str) -> dict[str, list[str]]:
    return {"Fn::GetAtt": [name, attribute]}


def text(*names: str) -> dict[str, Any]:
    """The Parameters section with these string parameters."""
    return {name: {"Type": "String"} for name in names}


VPC = resource("AWS::EC2::VPC", {"CidrBlock": "10.0.0.0/16"})
SUBNET = resource("AWS::EC2::Subnet", {"VpcId": ref("Vpc"), "CidrBlock": "10.0.0.0/24"})
CLUSTER = resource("AWS::ECS::Cluster")


def task(image: Any) -> dict[str, Any]:
    return resource(
        "AWS::ECS::TaskDefinition",
        {
            "Family": "shop",
            "ContainerDefinitions": [
                {"Name": "app", "Image": image, "Memory": "256", "HealthCheck": {"Command": ["CMD", "true"]}}
            ],
        },
    )
