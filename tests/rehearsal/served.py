"""A load balancer with services behind it, in the emulator."""

from __future__ import annotations

import itertools
from typing import Any

from rehearsal.aws import Place
from rehearsal.routes import Backend
from tests.rehearsal.deployed import Account

HOST, ZONE = "orders.example.com", "example.com"
PORT = 8080


class Served:
    """Clusters and load balancers of one account; everything is found by its name."""

    def __init__(self, here: Account) -> None:
        self.here = here
        self.elb, self.ecs, self.route53 = (here.client(name) for name in ("elbv2", "ecs", "route53"))
        self.vpc = here.client("ec2").create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        made = self.route53.create_hosted_zone(Name=ZONE, CallerReference=f"{here.place.account}")
        self.zone = made["HostedZone"]["Id"]
        self.groups: dict[str, str] = {}
        self.priorities = itertools.count(1)

    def group(self, name: str) -> str:
        """The ARN of a target group, made when it is not there yet."""
        if name not in self.groups:
            given = {"VpcId": self.vpc, "Protocol": "HTTP", "Port": PORT, "TargetType": "ip"}
            made = self.elb.create_target_group(Name=name, **given)["TargetGroups"][0]
            self.groups[name] = made["TargetGroupArn"]
        return self.groups[name]

    def balancer(self, name: str, port: int = 443, *default: dict[str, Any]) -> tuple[str, str]:
        """DNS name and the ARN of the listener of a load balancer, whose default action is 404 unless given."""
        made = self.elb.create_load_balancer(Name=name, Scheme="internet-facing", Type="application")
        balancer = made["LoadBalancers"][0]
        return balancer["DNSName"], self.listener(balancer["LoadBalancerArn"], port, *default)

    def listener(self, balancer: str, port: int, *default: dict[str, Any]) -> str:
        missing = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}
        given = {"LoadBalancerArn": balancer, "Protocol": "HTTPS" if port == 443 else "HTTP", "Port": port}
        made = self.elb.create_listener(**given, DefaultActions=list(default) or [missing])
        return str(made["Listeners"][0]["ListenerArn"])

    def forward(self, group: str) -> dict[str, Any]:
        """An action."""
        return {"Type": "forward", "TargetGroupArn": self.group(group)}

    def rule(
        self, listener: str, action: dict[str, Any], host: str = HOST, path: str = "", priority: int | None = None
    ) -> None:
        conditions = [{"Field": "host-header", "HostHeaderConfig": {"Values": [host]}}]
        if path:
            conditions.append({"Field": "path-pattern", "PathPatternConfig": {"Values": [path]}})
        given = {"Conditions": conditions, "Actions": [action], "Priority": priority or next(self.priorities)}
        self.elb.create_rule(ListenerArn=listener, **given)

    def record(self, target: str, host: str = HOST, **more: Any) -> None:
        """A CNAME; `Weight` and `SetIdentifier` make it a weighted one."""
        given = {"Name": host, "Type": "CNAME", "TTL": 60, "ResourceRecords": [{"Value": target}], **more}
        changes = [{"Action": "UPSERT", "ResourceRecordSet": given}]
        self.route53.change_resource_record_sets(HostedZoneId=self.zone, ChangeBatch={"Changes": changes})

    def service(self, cluster: str, name: str, *groups: str, desired: int = 2, image: str = "image:1") -> str:
        """A service in a cluster, registered in target groups; the ARN of its task definition."""
        self.ecs.create_cluster(clusterName=cluster)
        container = {"name": "app", "image": image, "portMappings": [{"containerPort": PORT}]}
        made = self.ecs.register_task_definition(family=f"{cluster}-{name}", containerDefinitions=[container])
        definition = str(made["taskDefinition"]["taskDefinitionArn"])
        self.ecs.create_service(
            cluster=cluster,
            serviceName=name,
            taskDefinition=definition,
            desiredCount=desired,
            loadBalancers=[
                {"targetGroupArn": self.group(group), "containerName": "app", "containerPort": PORT} for group in groups
            ],
        )
        return definition


def backend(image: str, place: Place, definition: str = "orders:1", **environment: str) -> Backend:
    """A backend as the routes find it."""
    variables = [{"name": key, "value": value} for key, value in environment.items()]
    container = {"name": "app", "image": image, "environment": variables}
    return Backend("blue", "orders", container, {"taskDefinitionArn": definition}, PORT, {}, 1, place)
