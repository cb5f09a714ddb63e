from typing import Any

from emulator.driver import Stacks
from tests.emulator.templates import CLUSTER, SUBNET, VPC, att, body, ref, resource, task, text


def test_elastic_ip_and_nat_gateway_exist_and_go(stacks: Stacks, ec2: Any) -> None:
    template = body(
        {
            "Vpc": VPC,
            "Subnet": SUBNET,
            "Ip": resource("AWS::EC2::EIP", {"Domain": "vpc", "Tags": [{"Key": "Name", "Value": "nat"}]}),
            "Nat": resource(
                "AWS::EC2::NatGateway", {"AllocationId": att("Ip", "AllocationId"), "SubnetId": ref("Subnet")}
            ),
        },
        {"Ip": ref("Ip"), "Nat": ref("Nat"), "Allocation": att("Ip", "AllocationId")},
    )
    assert stacks.create("net", template) == "CREATE_COMPLETE"
    outputs = stacks.outputs("net")
    [address] = ec2.describe_addresses()["Addresses"]
    assert (address["PublicIp"], address["AllocationId"]) == (outputs["Ip"], outputs["Allocation"])
    assert address["Tags"] == [{"Key": "Name", "Value": "nat"}]
    [gateway] = ec2.describe_nat_gateways()["NatGateways"]
    assert (gateway["NatGatewayId"], gateway["State"]) == (outputs["Nat"], "available")
    assert stacks.delete("net") == "DELETE_COMPLETE"
    assert ec2.describe_addresses()["Addresses"] == []
    assert [gateway["State"] for gateway in ec2.describe_nat_gateways()["NatGateways"]] == ["deleted"]


def test_security_group_rules_appear_change_and_go(stacks: Stacks, ec2: Any) -> None:
    def template(port: int, note: str) -> str:
        rule = {"GroupId": ref("Group"), "IpProtocol": "tcp", "FromPort": port, "ToPort": port}
        return body(
            {
                "Vpc": VPC,
                "Group": resource("AWS::EC2::SecurityGroup", {"GroupDescription": "app", "VpcId": ref("Vpc")}),
                "In": resource(
                    "AWS::EC2::SecurityGroupIngress", {**rule, "CidrIp": "10.0.0.0/16", "Description": note}
                ),
            },
            {"Group": ref("Group")},
        )

    def ports() -> list[tuple[int, str]]:
        [group] = ec2.describe_security_groups(GroupIds=[stacks.outputs("net")["Group"]])["SecurityGroups"]
        return [(rule["FromPort"], rule["IpRanges"][0]["Description"]) for rule in group["IpPermissions"]]

    stacks.create("net", template(80, "web"))
    assert ports() == [(80, "web")]
    assert stacks.update("net", template(80, "http")) == "UPDATE_COMPLETE"
    assert ports() == [(80, "http")]
    assert stacks.update("net", template(81, "http")) == "UPDATE_COMPLETE"
    assert ports() == [(81, "http")]


def test_flow_log_and_egress_only_gateway_are_visible(stacks: Stacks, ec2: Any) -> None:
    template = body(
        {
            "Vpc": VPC,
            "Gateway": resource("AWS::EC2::EgressOnlyInternetGateway", {"VpcId": ref("Vpc")}),
            "Flow": resource(
                "AWS::EC2::FlowLog",
                {
                    "ResourceId": ref("Vpc"),
                    "ResourceType": "VPC",
                    "TrafficType": "ALL",
                    "LogDestinationType": "s3",
                    "LogDestination": "arn:aws:s3:::logs",
                },
            ),
        },
        {"Vpc": ref("Vpc"), "Gateway": ref("Gateway")},
    )
    assert stacks.create("net", template) == "CREATE_COMPLETE"
    outputs = stacks.outputs("net")
    assert [log["ResourceId"] for log in ec2.describe_flow_logs()["FlowLogs"]] == [outputs["Vpc"]]
    gateways = ec2.describe_egress_only_internet_gateways()["EgressOnlyInternetGateways"]
    assert [gateway["EgressOnlyInternetGatewayId"] for gateway in gateways] == [outputs["Gateway"]]


def service(**properties: Any) -> dict[str, Any]:
    return resource("AWS::ECS::Service", {"Cluster": ref("Cluster"), "TaskDefinition": ref("Task"), **properties})


def shop(stacks: Stacks) -> dict[str, Any]:
    outputs = stacks.outputs("shop")
    [found] = stacks.client("ecs").describe_services(cluster=outputs["Cluster"], services=[outputs["Name"]])["services"]
    assert isinstance(found, dict)
    return found


SHOP = body(
    {"Cluster": CLUSTER, "Task": task(ref("Image")), "Service": service(HealthCheckGracePeriodSeconds="30")},
    {"Cluster": ref("Cluster"), "Name": att("Service", "Name")},
    Parameters=text("Image"),
)


def test_a_new_image_makes_revision_2_and_the_service_uses_it(stacks: Stacks) -> None:
    ecs = stacks.client("ecs")
    stacks.create("shop", SHOP, {"Image": "shop:1"})
    first = shop(stacks)["taskDefinition"]
    assert stacks.update("shop", SHOP, {"Image": "shop:2"}) == "UPDATE_COMPLETE"
    second = shop(stacks)["taskDefinition"]
    assert (first.rsplit(":", 1)[-1], second.rsplit(":", 1)[-1]) == ("1", "2")
    container = ecs.describe_task_definition(taskDefinition=second)["taskDefinition"]["containerDefinitions"][0]
    assert (container["image"], container["healthCheck"]["command"]) == ("shop:2", ["CMD", "true"])
    assert ecs.describe_task_definition(taskDefinition=first)["taskDefinition"]["status"] == "INACTIVE"
    assert stacks.delete("shop") == "DELETE_COMPLETE"


def test_desired_count_left_out_is_one_and_then_kept(stacks: Stacks) -> None:
    stacks.create("shop", SHOP, {"Image": "shop:1"})
    found = shop(stacks)
    assert (found["desiredCount"], found["healthCheckGracePeriodSeconds"]) == (1, 30)
    stacks.client("ecs").update_service(cluster=found["clusterArn"], service=found["serviceArn"], desiredCount=3)
    stacks.update("shop", SHOP, {"Image": "shop:2"})
    assert shop(stacks)["desiredCount"] == 3


def test_weighted_records_and_their_health_check(stacks: Stacks) -> None:
    def template(blue: int) -> str:
        def record(name: str, weight: int) -> dict[str, Any]:
            target = {"Type": "CNAME", "TTL": "60", "ResourceRecords": [f"{name}.example.net"]}
            return {"Name": "shop.example.com.", "SetIdentifier": name, "Weight": weight, **target}

        check = {"Type": "HTTPS", "FullyQualifiedDomainName": "blue.example.net", "ResourcePath": "/health"}
        return body(
            {
                "Zone": resource("AWS::Route53::HostedZone", {"Name": "example.com"}),
                "Check": resource("AWS::Route53::HealthCheck", {"HealthCheckConfig": check}),
                "Blue": resource(
                    "AWS::Route53::RecordSet",
                    {"HostedZoneId": ref("Zone"), **record("blue", blue), "HealthCheckId": ref("Check")},
                ),
                "Green": resource(
                    "AWS::Route53::RecordSetGroup",
                    {"HostedZoneId": ref("Zone"), "RecordSets": [record("green", 100 - blue)]},
                ),
            },
            {"Zone": ref("Zone"), "Check": ref("Check"), "Servers": {"Fn::Join": [",", att("Zone", "NameServers")]}},
        )

    def records() -> dict[str, tuple[int, str | None]]:
        listed = route53.list_resource_record_sets(HostedZoneId=stacks.outputs("dns")["Zone"])["ResourceRecordSets"]
        weighted = [found for found in listed if found["Type"] == "CNAME"]
        return {found["SetIdentifier"]: (found["Weight"], found.get("HealthCheckId")) for found in weighted}

    route53 = stacks.client("route53")
    assert stacks.create("dns", template(100)) == "CREATE_COMPLETE"
    outputs = stacks.outputs("dns")
    assert [found["Id"] for found in route53.list_health_checks()["HealthChecks"]] == [outputs["Check"]]
    assert records() == {"blue": (100, outputs["Check"]), "green": (0, None)}
    zone = route53.list_resource_record_sets(HostedZoneId=outputs["Zone"])["ResourceRecordSets"]
    [served] = [found["ResourceRecords"] for found in zone if found["Type"] == "NS"]
    assert outputs["Servers"].split(",") == [server["Value"].rstrip(".") for server in served]
    assert stacks.update("dns", template(0)) == "UPDATE_COMPLETE"
    assert records() == {"blue": (0, outputs["Check"]), "green": (100, None)}
    assert stacks.delete("dns") == "DELETE_COMPLETE"
    assert route53.list_health_checks()["HealthChecks"] == []


def test_capacity_providers_reach_the_cluster(stacks: Stacks) -> None:
    providers = ["FARGATE", "FARGATE_SPOT", ref("Hosts")]
    template = body(
        {
            "Cluster": CLUSTER,
            "Hosts": resource("AWS::ECS::CapacityProvider", {"AutoScalingGroupProvider": {"AutoScalingGroupArn": "g"}}),
            "Use": resource(
                "AWS::ECS::ClusterCapacityProviderAssociations",
                {"Cluster": ref("Cluster"), "CapacityProviders": providers, "DefaultCapacityProviderStrategy": []},
            ),
        },
        {"Cluster": ref("Cluster"), "Hosts": ref("Hosts")},
    )
    stacks.create("one", template)
    outputs = stacks.outputs("one")
    [cluster] = stacks.client("ecs").describe_clusters(clusters=[outputs["Cluster"]])["clusters"]
    assert cluster["capacityProviders"] == ["FARGATE", "FARGATE_SPOT", outputs["Hosts"]]


def test_alarms_of_every_kind_exist_under_their_names(stacks: Stacks) -> None:
    metric = {"Namespace": "AWS/ECS", "MetricName": "CPUUtilization"}
    common = {"EvaluationPeriods": 1, "Threshold": 1, "ComparisonOperator": "GreaterThanThreshold"}
    math = [
        {"Id": "half", "Expression": "all/2"},
        {"Id": "all", "ReturnData": False, "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum"}},
    ]
    rule = {"Fn::Sub": 'ALARM("${Plain}") OR ALARM("${Math}")'}
    template = body(
        {
            "Plain": resource("AWS::CloudWatch::Alarm", {**common, **metric, "Statistic": "Average", "Period": 60}),
            "Math": resource("AWS::CloudWatch::Alarm", {**common, "Metrics": math}),
            "Any": resource("AWS::CloudWatch::CompositeAlarm", {"AlarmRule": rule}),
        },
        {"Plain": ref("Plain"), "Math": ref("Math"), "Any": ref("Any")},
    )
    assert stacks.create("one", template) == "CREATE_COMPLETE"
    kinds = ["MetricAlarm", "CompositeAlarm"]
    found = stacks.client("cloudwatch").describe_alarms(AlarmTypes=kinds)
    names = {alarm["AlarmName"] for kind in ("MetricAlarms", "CompositeAlarms") for alarm in found[kind]}
    assert names == set(stacks.outputs("one").values())
    assert stacks.resolved("one")["Math"].properties["Metrics"] == math


def test_attributes_survive_an_update(stacks: Stacks) -> None:
    """Some of ministack's update handlers answer with fewer attributes than their create handlers."""
    trust = {"Version": "2012-10-17", "Statement": []}
    kinds: dict[str, tuple[dict[str, Any], list[str]]] = {
        "AWS::AutoScaling::AutoScalingGroup": (
            {"MinSize": "0", "MaxSize": "1", "LaunchTemplate": {"LaunchTemplateId": "lt-1", "Version": "1"}},
            ["AutoScalingGroupARN"],
        ),
        "AWS::EC2::VPC": ({"CidrBlock": "10.0.0.0/16"}, ["VpcId", "DefaultSecurityGroup", "DefaultNetworkAcl"]),
        "AWS::ECR::Repository": ({}, ["Arn", "RepositoryUri"]),
        "AWS::ECS::Cluster": ({}, ["Arn"]),
        "AWS::IAM::Role": ({"AssumeRolePolicyDocument": trust}, ["Arn", "RoleId"]),
        "AWS::KMS::Key": ({"KeyPolicy": trust}, ["Arn", "KeyId"]),
        "AWS::Logs::LogGroup": ({}, ["Arn"]),
        "AWS::S3::Bucket": ({}, ["Arn", "RegionalDomainName"]),
        "AWS::SNS::Topic": ({}, ["TopicArn", "TopicName"]),
        "AWS::SQS::Queue": ({}, ["Arn", "QueueUrl"]),
    }

    def template(team: str) -> str:
        tags: dict[str, Any] = {"Key": "team", "Value": team}
        more = {"AWS::AutoScaling::AutoScalingGroup": {"PropagateAtLaunch": True}}
        resources = {
            kind.split("::")[2]: resource(kind, {**properties, "Tags": [{**tags, **more.get(kind, {})}]})
            for kind, (properties, _) in kinds.items()
        }
        outputs = {
            f"{kind.split('::')[2]}{attribute}": att(kind.split("::")[2], attribute)
            for kind, (_, attributes) in kinds.items()
            for attribute in attributes
        }
        return body(resources, outputs)

    assert stacks.create("one", template("a")) == "CREATE_COMPLETE", stacks.failures("one")
    before = stacks.outputs("one")
    assert stacks.update("one", template("b")) == "UPDATE_COMPLETE", stacks.failures("one")
    assert stacks.outputs("one") == before
