"""EC2 instances that join an ECS cluster and come and go with its tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from awacs import ecs as actions
from awacs.aws import ArnEquals, Condition
from troposphere import Base64, Sub, autoscaling, ec2, ecs, iam
from troposphere.policies import UpdatePolicy

from sendy_cfn.blocks.iam import HERE, allow, policy, role, trust
from sendy_cfn.blocks.tags import tags

if TYPE_CHECKING:
    from collections.abc import Sequence

    from troposphere import AWSHelperFn, Ref

BOOT_SECONDS = 120  # from launch until the agent has registered the instance
SCALING_STEP = 10  # instances launched or ended at once

# Tasks have network interfaces and roles of their own: they get neither the instance's metadata nor its role.
USER_DATA = """\
#!/bin/bash
cat >> /etc/ecs/ecs.config <<'CONFIG'
ECS_CLUSTER=${Cluster}
ECS_AWSVPC_BLOCK_IMDS=true
CONFIG
"""


def security_group(vpc_id: Ref, *, dual_stack: bool) -> ec2.SecurityGroup:
    """Lets nobody in and the agent out to AWS; tasks have groups of their own, names and time need no rule."""
    anywhere = {"IPv4": {"CidrIp": "0.0.0.0/0"}} | ({"IPv6": {"CidrIpv6": "::/0"}} if dual_stack else {})
    return ec2.SecurityGroup(
        "InstanceSecurityGroup",
        GroupDescription="ECS instances, without their tasks",
        VpcId=vpc_id,
        SecurityGroupEgress=[
            ec2.SecurityGroupRule(
                Description=f"AWS services and registries over {version}",
                IpProtocol="tcp",
                FromPort=443,
                ToPort=443,
                **target,
            )
            for version, target in anywhere.items()
        ],
        Tags=tags(Sub("${AWS::StackName}-instances")),
    )


def permissions(cluster: ecs.Cluster, boundary: AWSHelperFn) -> tuple[iam.Role, iam.ManagedPolicy, iam.InstanceProfile]:
    """What the ECS agent does; pulling images and logging is the business of the tasks' execution roles.

    Resources and conditions of the actions:
    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticcontainerservice.html
    """
    instance_role = role("InstanceRole", "ECS agent of the cluster's instances", trust("ec2.amazonaws.com"), boundary)
    arn = cluster.get_att("Arn")
    instances = Sub(
        f"arn:${{AWS::Partition}}:ecs:${{AWS::Region}}:${{AWS::AccountId}}:container-instance/${{{cluster.title}}}/*"
    )
    instance_policy = policy(
        "InstancePolicy",
        "ECS agent of the cluster's instances",
        [instance_role.ref()],
        allow("FindEndpoint", [actions.DiscoverPollEndpoint], "*", condition=HERE),
        allow(
            "Register",
            [actions.RegisterContainerInstance, actions.DeregisterContainerInstance],
            arn,
        ),
        allow(
            "ReportState",
            [
                actions.SubmitAttachmentStateChanges,
                actions.SubmitContainerStateChange,
                actions.SubmitTaskStateChange,
            ],
            arn,
        ),
        allow(
            "TakeOrders",
            [actions.Poll, actions.StartTelemetrySession],
            instances,
            condition=Condition(ArnEquals({"ecs:cluster": arn})),
        ),
    )
    return instance_role, instance_policy, iam.InstanceProfile("InstanceProfile", Roles=[instance_role.ref()])


def launch_template(
    architecture: str,
    *,
    image: Ref,
    instance_type: Ref,
    volume_gib: Ref,
    group: ec2.SecurityGroup,
    profile: iam.InstanceProfile,
) -> ec2.LaunchTemplate:
    """The instances of an architecture; their user data names the resource `Cluster`."""
    volume = ec2.EBSBlockDevice(
        # Encrypted with the account's EBS key: the policy of a key of ours would have to name auto scaling's
        # service-linked role, which does not exist before an account's first auto scaling group.
        Encrypted=True,
        VolumeType="gp3",
        VolumeSize=volume_gib,
        DeleteOnTermination=True,
    )
    return ec2.LaunchTemplate(
        f"{architecture.capitalize()}LaunchTemplate",
        LaunchTemplateData=ec2.LaunchTemplateData(
            ImageId=image,
            InstanceType=instance_type,
            IamInstanceProfile=ec2.IamInstanceProfile(Arn=profile.get_att("Arn")),
            # One hop: the agent shares the host's network, and nothing behind a bridge has to reach the metadata.
            MetadataOptions=ec2.MetadataOptions(
                HttpEndpoint="enabled", HttpTokens="required", HttpPutResponseHopLimit=1
            ),
            Monitoring=ec2.Monitoring(Enabled=True),
            NetworkInterfaces=[
                ec2.NetworkInterfaces(
                    DeviceIndex=0,
                    AssociatePublicIpAddress=False,
                    DeleteOnTermination=True,
                    Groups=[group.get_att("GroupId")],
                )
            ],
            BlockDeviceMappings=[ec2.LaunchTemplateBlockDeviceMapping(DeviceName="/dev/xvda", Ebs=volume)],
            TagSpecifications=[
                ec2.TagSpecifications(ResourceType="volume", Tags=tags(Sub(f"${{AWS::StackName}}-{architecture}")))
            ],
            UserData=Base64(Sub(USER_DATA)),
        ),
    )


def auto_scaling_group(
    architecture: str,
    template: ec2.LaunchTemplate,
    permission: iam.ManagedPolicy,
    subnet_ids: Ref,
    *,
    minimum: Ref,
    maximum: Ref,
    protected: bool,
    after: Sequence[str],
) -> autoscaling.AutoScalingGroup:
    """The group of an architecture's instances; how many there are is the capacity provider's business.

    `permission` is what the instances may do: it has to be there before the first and until the last of them.
    `after` are resources that may fail or wait for people: protected instances would make their rollback fail.
    """
    # Launches before it ends; the capacity provider drains the instances that go, so those with tasks may be replaced.
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-updatepolicy.html
    update = UpdatePolicy()
    update.properties["AutoScalingInstanceRefresh"] = {  # troposphere 4.11 does not know it
        "Strategy": "Rolling",
        "Preferences": {
            "MinHealthyPercentage": 100,
            "MaxHealthyPercentage": 110,
            "ScaleInProtectedInstances": "Refresh",
            "SkipMatching": True,
        },
    }
    return autoscaling.AutoScalingGroup(
        f"{architecture.capitalize()}AutoScalingGroup",
        DependsOn=[permission.title, *after],
        UpdatePolicy=update,
        LaunchTemplate=autoscaling.LaunchTemplateSpecification(
            LaunchTemplateId=template.ref(), Version=template.get_att("LatestVersionNumber")
        ),
        VPCZoneIdentifier=subnet_ids,
        MinSize=minimum,
        MaxSize=maximum,
        NewInstancesProtectedFromScaleIn=protected,
        CapacityRebalance=True,  # acts on Spot instances only
        HealthCheckType="EC2",
        HealthCheckGracePeriod=BOOT_SECONDS,
        DefaultInstanceWarmup=BOOT_SECONDS,
        MetricsCollection=[autoscaling.MetricsCollection(Granularity="1Minute")],
        Tags=[
            {"Key": "Name", "Value": Sub(f"${{AWS::StackName}}-{architecture}"), "PropagateAtLaunch": True},
            # ECS sets it; left out here, the next update of the tags would take it away.
            {"Key": "AmazonECSManaged", "Value": "", "PropagateAtLaunch": True},
        ],
    )


def capacity_provider(
    architecture: str, group: autoscaling.AutoScalingGroup, *, target_percent: Ref, protected: bool
) -> ecs.CapacityProvider:
    """Grows and shrinks the group with the tasks, and moves them off instances that go.

    With `protected`, instances that run tasks are never chosen when the group shrinks; the group must protect new ones.
    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/managed-termination-protection.html
    """
    return ecs.CapacityProvider(
        f"{architecture.capitalize()}CapacityProvider",
        AutoScalingGroupProvider=ecs.AutoScalingGroupProvider(
            AutoScalingGroupArn=group.ref(),  # takes the name too, which is what Ref gives
            ManagedScaling=ecs.ManagedScaling(
                Status="ENABLED",
                TargetCapacity=target_percent,
                MinimumScalingStepSize=1,
                MaximumScalingStepSize=SCALING_STEP,
                InstanceWarmupPeriod=BOOT_SECONDS,
            ),
            ManagedTerminationProtection="ENABLED" if protected else "DISABLED",
            ManagedDraining="ENABLED",
        ),
    )
