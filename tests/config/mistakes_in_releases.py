"""Mistakes in strategies and in the values of releases, and what is said of them."""

from __future__ import annotations

from tests.config.mistakes import Case

PRODUCTION = "    strategy: cluster-switch"
ORDERS = "    kind: web\n    source:\n      repository: courier/orders\n"


def in_orders(key: str) -> str:
    """The service's first keys, with one more."""
    return f"    {key}\n{ORDERS}"


def values(text: str) -> str:
    """The section of the services, with values of one on a line of their own."""
    return f"services:\n  {text}\n"


IN_RELEASES = (
    Case(
        "unknown strategy",
        PRODUCTION,
        "    strategy: cluster-swich",
        "{at} environments.production.strategy: 'cluster-swich', expected rolling | blue-green | linear | canary | "
        "codedeploy | cluster-switch, did you mean 'cluster-switch'?",
        at="cluster-swich",
    ),
    Case(
        "unknown strategy of a service",
        ORDERS,
        in_orders("strategies: {test: red-black}"),
        "{at} services.orders.strategies.test: 'red-black', "
        "expected rolling | blue-green | linear | canary | codedeploy | cluster-switch",
        at="red-black",
    ),
    Case(
        "strategy of an unknown environment",
        ORDERS,
        in_orders("strategies: {stagin: canary}"),
        "{at} services.orders.strategies.stagin: unknown environment, did you mean 'staging'?",
        at="stagin:",
    ),
    Case(
        "a switch with one cluster",
        ORDERS,
        in_orders("strategies: {staging: cluster-switch}"),
        "{at} services.orders.strategies.staging: 'cluster-switch' needs two clusters: "
        "'clusters: [blue, green]' in environments.staging",
        at="staging: cluster-switch",
    ),
    Case(
        "a switch on a shared host",
        ORDERS,
        in_orders("host: api"),
        "{at} environments.production.strategy: 'cluster-switch' needs a host of its own: 'api' is also that of "
        "pricing",
        at="strategy: cluster-switch",
    ),
    Case(
        "a side's host is another service's",
        ORDERS + "    port: 8080\n",
        ORDERS + "    port: 8080\n  other: {kind: web, source: {repository: courier/x}, host: orders-green, "
        "strategies: {production: rolling}}\n  orders2:\n" + ORDERS,
        "{at} services.orders: 'orders-green' is where its green side answers, and the host of 'other'; "
        "give one of them another 'host'",
        at="  orders:",
    ),
    Case(
        "a side's host that DNS does not take",
        ORDERS,
        in_orders(f"host: {58 * 'o'}"),
        f"{{at}} services.orders.host: '{58 * 'o'}-green' has 64 characters, DNS takes 63",
        at="host: oo",
    ),
    Case(
        "codedeploy on instances",
        "      production: rolling ",
        "      test: codedeploy\n      production: rolling ",
        "{at} services.tracking.strategies.test: 'codedeploy' needs 'capacity: fargate': "
        "CodeDeploy starts the new tasks with a launch type, tracking has 'ec2'",
        at="test: codedeploy",
    ),
    Case(
        "codedeploy with Service Connect",
        ORDERS,
        in_orders("strategies: {test: codedeploy}\n    service_connect: true"),
        "{at} services.orders.service_connect: not offered: AWS rejects it with strategy 'codedeploy'; "
        "services call each other at their URLs",
        at="service_connect",
    ),
    Case(
        "codedeploy on Fargate Spot",
        "      staging: canary ",
        "      staging: codedeploy #",
        "{at} services.pricing.strategies.staging: 'codedeploy' needs 'capacity: fargate': "
        "CodeDeploy starts the new tasks with a launch type, pricing has 'fargate-spot'",
        at="staging: codedeploy",
    ),
    Case(
        "a pause that nothing has",
        "    tests: [smoke, regression]\n",
        "    tests: [smoke, regression]\n    pause: true\n",
        "{at} environments.test.pause: no service of it can pause: only blue-green, linear, canary have pause hooks",
        at="pause: true",
    ),
    Case(
        "two services with one template",
        "services:\n",
        "services:\n  pricing-canary: {kind: web, source: {repository: courier/x}, "
        "strategies: {staging: rolling, production: rolling}}\n",
        "{at} services.pricing: its template service-pricing-canary.yaml is also that of 'pricing-canary': "
        "rename one of the services",
        at="  pricing: ",
    ),
    Case(
        "a window without seconds",
        "    approval: true ",
        "    window: {cron: '0 8 ? * MON-THU *'}\n    approval: true ",
        "{at} environments.production.window.cron: '0 8 ? * MON-THU *', expected 6 or 7 fields, seconds '*'",
        at="window:",
    ),
    Case(
        "a window in a time zone that is none",
        "    approval: true ",
        "    window: {cron: '* * 8-15 ? * MON-THU *', time_zone: CEST+1}\n    approval: true ",
        "{at} environments.production.window.time_zone: 'CEST+1', expected a name such as 'Europe/Berlin'",
        at="window:",
    ),
    Case(
        "failed tasks where alarms decide",
        "services:\n",
        values("pricing: {FailedTasks: 5}"),
        "{at} services.pricing.FailedTasks: not with strategy 'canary': "
        "the circuit breaker works for rolling deployments only, here alarms decide",
        at="FailedTasks",
        file="staging.yaml",
    ),
    Case(
        "a bake time that would prolong a rolling release",
        "  tracking:\n",
        "  tracking:\n    BakeMinutes: 5\n",
        "{at} services.tracking.BakeMinutes: not with strategy 'rolling': with a bake time CloudFormation waits up to "
        "36 hours for a rolling deployment; WatchMinutes lets the pipeline watch instead",
        at="BakeMinutes",
        file="production.yaml",
    ),
    Case(
        "steps with a canary",
        "services:\n",
        values("pricing: {StepPercent: 5}"),
        "{at} services.pricing.StepPercent: not with strategy 'canary': only 'linear' moves the traffic in steps",
        at="StepPercent",
        file="staging.yaml",
    ),
    Case(
        "a canary without traffic to share",
        "  orders:\n",
        "  orders:\n    CanaryPercent: 5\n",
        "{at} services.orders.CanaryPercent: not with strategy 'rolling': only 'canary' moves a share of "
        "the traffic first",
        at="CanaryPercent",
        file="staging.yaml",
    ),
    Case(
        "a standby without a second side",
        "  orders:\n",
        "  orders:\n    StandbyTasks: 2\n",
        "{at} services.orders.StandbyTasks: not with strategy 'rolling': only 'cluster-switch' has a second side",
        at="StandbyTasks",
        file="staging.yaml",
    ),
    Case(
        "watching a switch twice",
        "  orders:\n",
        "  orders:\n    WatchMinutes: 9\n",
        "{at} services.orders.WatchMinutes: not with strategy 'cluster-switch': a switch is watched for BakeMinutes",
        at="WatchMinutes",
        file="production.yaml",
    ),
    Case(
        "a bake time beyond CloudFormation's patience",
        "  pricing:\n",
        "  pricing:\n    BakeMinutes: 1440\n    CanaryBakeMinutes: 541\n",
        "{at} services.pricing.BakeMinutes: pricing: BakeMinutes 1440 + CanaryBakeMinutes 541 is more than "
        "1980 minutes, CloudFormation waits no longer than 33 hours",
        at="BakeMinutes: 1440",
        file="production.yaml",
    ),
    Case(
        "a switch that ends before clients have left",
        "  orders:\n",
        "  orders:\n    BakeMinutes: 1\n",
        "{at} services.orders.BakeMinutes: orders: BakeMinutes 1 (60 s) is less than clients stay on the side "
        "that is being left: 60 s in DNS and ClientKeepAliveSeconds",
        at="BakeMinutes: 1",
        file="production.yaml",
    ),
    Case(
        "a switch that a build can't watch",
        "  orders:\n",
        "  orders:\n    BakeMinutes: 61\n",
        "{at} services.orders.BakeMinutes: orders: BakeMinutes 61, at most 60 with 'cluster-switch'",
        at="BakeMinutes: 61",
        file="production.yaml",
    ),
    Case(
        "a release that takes longer than it may",
        "  pricing:\n",
        "  pricing:\n    MaxDecisionMinutes: 16\n",
        "{at} services.pricing.MaxDecisionMinutes: pricing: a release by 'canary' takes up to 21 minutes",
        at="MaxDecisionMinutes: 16",
        file="production.yaml",
    ),
    Case(
        "old tasks that leave more slowly than the alarm on tasks waits",
        "  pricing:\n",
        "  pricing:\n    DeregistrationDelay: 600\n",
        "{at} services.pricing.DeregistrationDelay: pricing: AlarmTaskMinutes 7 is too short for good releases: "
        "tasks may take 150 s to get ready and 630 s to leave",
        at="DeregistrationDelay: 600",
        file="production.yaml",
    ),
    Case(
        "a grace period in which the alarm on tasks goes off",
        "  pricing:\n",
        "  pricing:\n    GracePeriod: 900\n",
        "{at} services.pricing.GracePeriod: pricing: AlarmTaskMinutes 7 is too short for good releases: "
        "tasks may take 990 s to get ready and 60 s to leave",
        at="GracePeriod: 900",
        file="production.yaml",
    ),
    Case(
        "a canary that bakes for less time than an alarm takes",
        "  pricing:\n",
        "  pricing:\n    CanaryBakeMinutes: 3\n",
        "{at} services.pricing.CanaryBakeMinutes: pricing: CanaryBakeMinutes 3 is less than an alarm needs "
        "(4: AlarmMinutes 2 and 2 for the metrics): all traffic would move before the canary's errors are seen",
        at="CanaryBakeMinutes: 3",
        file="production.yaml",
    ),
    Case(
        "a bake time in which no alarm can go off",
        "  pricing:\n",
        "  pricing:\n    BakeMinutes: 3\n",
        "{at} services.pricing.BakeMinutes: pricing: BakeMinutes 3 is less than an alarm needs "
        "(4: AlarmMinutes 2 and 2 for the metrics): the old version would be gone before errors are seen",
        at="BakeMinutes: 3",
        file="production.yaml",
    ),
    Case(
        "an alarm that is later than the watch",
        "  tracking:\n",
        "  tracking:\n    AlarmMinutes: 4\n",
        "{at} services.tracking.AlarmMinutes: tracking: WatchMinutes 5 is less than an alarm needs "
        "(6: AlarmMinutes 4 and 2 for the metrics): the stage would end before errors are seen",
        at="AlarmMinutes: 4",
        file="production.yaml",
    ),
    Case(
        "a standby of more tasks than a side may have",
        "  orders:\n",
        "  orders:\n    StandbyTasks: 13\n",
        "{at} services.orders.StandbyTasks: StandbyTasks 13 is more than MaxTasks 12",
        at="StandbyTasks: 13",
        file="production.yaml",
    ),
    Case(
        "a limit that is none",
        "  pricing:\n",
        "  pricing:\n    MaxDecisionMinutes: 0\n",
        "{at} services.pricing.MaxDecisionMinutes: 0, expected a whole number from 1 to 2160",
        at="MaxDecisionMinutes: 0",
        file="production.yaml",
    ),
    Case(
        "a state that the pipeline keeps",
        "  orders:\n",
        "  orders:\n    LiveCluster: green\n",
        "{at} services.orders.LiveCluster: is filled in from platform.yaml or by the pipeline; leave it out",
        at="LiveCluster",
        file="production.yaml",
    ),
    Case(
        "an image that the pipeline sets",
        "  orders:\n",
        "  orders:\n    BlueImage: x@sha256:1\n",
        "{at} services.orders.BlueImage: is filled in from platform.yaml or by the pipeline; leave it out",
        at="BlueImage",
        file="production.yaml",
    ),
)
