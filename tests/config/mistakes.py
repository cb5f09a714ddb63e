"""Mistakes in platform.yaml, and what is said of them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Case:
    """Replace `old` by `new` in a file; {at} in `says` is the file and the line that holds `at`."""

    name: str
    old: str
    new: str
    says: str
    at: str = ""
    file: str = "platform.yaml"


IN_PLATFORM = (
    Case(
        "unknown key",
        "    kind: web\n    source:\n      repository: courier/orders",
        "    knd: web\n    kind: web\n    source:\n      repository: courier/orders",
        "{at} services.orders.knd: unknown key, did you mean 'kind'?",
        at="knd",
    ),
    Case(
        "missing key",
        "      repository: courier/orders",
        "      branch: main",
        "{at} services.orders.source: missing key 'repository', needed by provider 'connection'",
        at="    source:",
    ),
    Case(
        "missing required key",
        "    region: eu-central-1\n    tests: [smoke, load]",
        "    tests: [smoke, load]",
        "{at} environments.staging: missing key 'region' (AWS region)",
        at="  staging:",
    ),
    Case(
        "number out of range",
        "port: 8080",
        "port: 70000",
        "{at} services.orders.port: 70000, expected 1 to 65535",
        at="70000",
    ),
    Case(
        "text where a number belongs",
        "port: 8080",
        "port: http",
        "{at} services.orders.port: 'http', expected a whole number",
        at="port: http",
    ),
    Case(
        "number where text belongs",
        'user: "65532"',
        "user: 65532",
        "{at} services.tracking.user: 65532, expected a numeric user id other than 0, in quotes; quote it",
        at="user: 65532",
    ),
    Case(
        "root user",
        'user: "65532"',
        'user: "0"',
        "{at} services.tracking.user: '0', expected a numeric user id other than 0, in quotes",
        at='user: "0"',
    ),
    Case(
        "word that is not allowed",
        "capacity: fargate-spot",
        "capacity: fargat-spot",
        (
            "{at} services.pricing.capacity: 'fargat-spot', expected fargate | fargate-spot | ec2, did you mean "
            "'fargate-spot'?"
        ),
        at="fargat-",
    ),
    Case(
        "misspelt region",
        "  region: eu-central-1\n  connection",
        "  region: eu-centrall-1\n  connection",
        "{at} toolchain.region: 'eu-centrall-1' is not an AWS region, did you mean 'eu-central-1'?",
        at="centrall",
    ),
    Case(
        "name that is not allowed",
        "  tracking:   ",
        "  Tracking_2:   ",
        "{at} services.Tracking_2: the name 'Tracking_2' is not 2 to 24 of a-z, 0-9 and single '-', a letter first",
        at="Tracking_2",
    ),
    Case(
        "duplicate key",
        "    port: 9000",
        "    port: 9000\n    port: 9001",
        "{at} duplicate key 'port', first on line {before}",
        at="9001",
    ),
    Case(
        "not YAML",
        "environment:\n      LOG_LEVEL: info",
        "environment: [\n      LOG_LEVEL: info",
        "{at} not YAML: while parsing a flow sequence did not find expected ',' or ']'",
        at="    secrets:",
    ),
    Case(
        "anchor",
        "    port: 9000",
        "    port: &port 9000",
        "{at} anchor '&port'; anchors are not supported",
        at="&port",
    ),
    Case(
        "tab",
        "    port: 9000",
        "\tport: 9000",
        "{at} tab in the indentation; YAML indents with spaces",
        at="\tport",
    ),
    Case(
        "reference in a value",
        "repository: courier/tracking",
        'repository: "courier/${AWS::Region}"',
        "{at} services.tracking.source.repository: 'courier/${AWS::Region}', expected owner/name",
        at="${AWS",
    ),
    Case(
        "dynamic reference",
        "      LOG_LEVEL: info",
        '      TOKEN: "{{resolve:secretsmanager:courier/token}}"',
        "{at} services.orders.environment.TOKEN: '{{resolve:secretsmanager:courier/token}}': a dynamic reference; "
        "'secrets' hands over secrets",
        at="TOKEN",
    ),
    Case(
        "commands that are too long",
        "[./regression.sh]",
        '["' + "x" * 1000 + '", "' + "y" * 1000 + '", "' + "z" * 1000 + '", "' + "a" * 1000 + '"]',
        "{at} services.pricing.tests.regression: 4003 characters, at most 4000; put them into a script",
        at="regression: [",
    ),
    Case(
        "unknown placeholder",
        "DATABASE_URL: /courier/{environment}/",
        "DATABASE_URL: /courier/{env}/",
        "{at} services.orders.secrets.DATABASE_URL: '{env}' is no placeholder, known are {environment}",
        at="{env}",
    ),
    Case(
        "wildcard action",
        "actions: [sqs:SendMessage, sqs:GetQueueAttributes]",
        'actions: ["sqs:*"]',
        (
            "{at} services.orders.permissions[0].actions[0]: 'sqs:*', expected one action such as 's3:GetObject', "
            "without '*'"
        ),
        at='"sqs:*"',
    ),
    Case(
        "same requests twice",
        "    host: api\n    paths: [/pricing, /pricing/*]",
        "    host: orders",
        "{at} services.pricing: host 'orders' with path '/*' already reaches 'orders'",
        at="  pricing:",
    ),
    Case(
        "same priority twice",
        "    port: 9000",
        "    port: 9000\n    priority: 39496",
        (
            "services.tracking: listener rule priority 39496 is also that of 'orders'; set 'priority' here, for "
            "example 39497"
        ),
    ),
    Case(
        "capacity that no cluster has",
        "ec2: [arm64]",
        "ec2: []",
        "{at} services.tracking.capacity: 'ec2' for arm64 needs 'arm64' in 'cluster.ec2'",
        at="    capacity: ec2",
    ),
    Case(
        "second cluster without a first",
        "clusters: [blue, green]",
        "clusters: [green]",
        "{at} environments.production.clusters: expected [blue] or [blue, green]",
        at="[green]",
    ),
    Case(
        "one variable from two sources",
        "      LOG_LEVEL: info",
        "      DATABASE_URL: x",
        (
            "{at} services.orders.secrets.DATABASE_URL: 'DATABASE_URL' is also in 'environment'; a variable has "
            "one source"
        ),
        at="DATABASE_URL: /courier",
    ),
    Case(
        "host without a domain",
        "domain: courier.example           #",
        "#",
        "{at} services.pricing.host: needs the platform's 'domain'",
        at="    host: api",
    ),
    Case(
        "filters on CodeCommit",
        "      repository: courier/tracking\n",
        "      repository: tracking\n      provider: codecommit\n",
        (
            "{at} services.tracking.source.tags: needs provider 'connection': CodePipeline filters only its "
            "pushes, this is 'codecommit'"
        ),
        at='tags: ["v*"]',
    ),
    Case(
        "list where a word belongs",
        "  dual_stack: false",
        "  dual_stack: []",
        "{at} network.dual_stack: a list, expected true or false",
        at="dual_stack: []",
    ),
    Case(
        "empty value",
        "    host: api",
        "    host:",
        "{at} services.pricing.host: nothing, expected a DNS label",
        at="    host:",
    ),
    Case(
        "an environment's name in another's",
        "  staging:\n",
        "  test-2:\n",
        "{at} environments.test-2: begins with the name of 'test': "
        "their stacks, roles and policies are told apart by it",
        at="  test-2:",
    ),
    Case(
        "a name that the toolchain has",
        "  staging:\n",
        "  toolchain-2:\n",
        "{at} environments.toolchain-2: the name is taken: files and stacks of the toolchain have it",
        at="  toolchain-2:",
    ),
    Case(
        "a domain twice",
        "    domain: courier.example       #",
        "    domain: test.courier.example  #",
        "{at} environments.production.domain: 'test.courier.example' is the domain of 'test' already",
        at="    domain: test",
    ),
    Case(
        "a host that is an environment's domain",
        "    host: api",
        "    host: staging",
        "{at} services.pricing: host 'staging' below 'courier.example' is the domain of 'staging'",
        at="  pricing:",
    ),
    Case(
        "too close names",
        "  tracking:   ",
        "  order-s:   ",
        "{at} services.order-s: too close to 'orders': both become the same CloudFormation name",
        at="order-s:",
    ),
    Case(
        "too many wildcards",
        "[/pricing, /pricing/*]",
        '["/a*b*", "/c*d*", "/e*f*"]',
        "{at} services.pricing.paths: 6 wildcards, a listener rule takes 5",
        at="/a*b*",
    ),
)
