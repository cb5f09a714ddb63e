"""Hypothesis strategies for whole troposphere templates, and the texts that YAML is known to misread."""

from collections import OrderedDict
from typing import Any

import troposphere as tr
from awacs import aws as awacs
from hypothesis import strategies as st
from troposphere import autoscaling, cloudformation, ec2, ecs, iam, policies, sqs
from troposphere.validators import autoscaling as autoscaling_tags

LOOKALIKES = [
    *(
        "012345678901",
        "1",
        "-1",
        "+1",
        "1.5",
        ".5",
        "1.",
        "1e3",
        "1E-3",
        "1_000",
        "0x1f",
        "0o17",
        "0b1",
        "1:30",
        "1:30:59.5",
    ),
    *(".inf", "-.Inf", ".NaN", "2010-09-09", "2010-09-09T10:00:00Z", "2010-09-09 10:00:00 +1", "10.0.0.1"),
    *("yes", "No", "ON", "off", "true", "False", "y", "N", "null", "Null", "~", "=", "<<", ""),
]
HARD = [
    *LOOKALIKES,
    *(
        " a",
        "a ",
        "a: b",
        "a:",
        ":",
        "a #b",
        "#",
        "a#b",
        "- a",
        "-",
        "---",
        "...",
        "? a",
        "?",
        "{a}",
        "[a]",
        "a, b",
        "&a",
        "*",
    ),
    *(
        "!Ref a",
        "|",
        ">",
        "%a",
        "@a",
        "`a`",
        "'",
        "''",
        '"',
        '""',
        "it's",
        "\\",
        "\\n",
        '"\\',
        "'\"",
        "a\tb",
        "\t",
        "\0",
        "\x7f",
    ),
    *(
        "\x85",
        "\u2028",
        "\u2029",
        "\ufeff",
        "\ufeffa",
        "\xa0",
        "\u3000a",
        "\u200b",
        "\u202ea",
        "\ufffe",
        "\U0001f69a",
        "é",
        "ü: ö",
    ),
    *(
        "a\rb",
        "a\r\nb",
        "\n",
        "\n\n",
        "a\n",
        "a\n\n",
        "\na",
        " a\nb",
        "a\n b",
        "a \nb",
        "a\n \nb",
        "a\n\nb",
        "a\tb\n",
        "a\u2028\nb",
    ),
    *(
        "#!/bin/sh\nset -eu\n\nif true; then\n  echo 'x: y' # z\nfi\n",
        "a\n--- b\n...\n",
        "a" * 2000,
        "a b " * 600 + "c",
    ),
    *(
        "arn:aws:iam::012345678901:root",
        "${AWS::StackName}-vpc",
        "10.0.0.0/16",
        "2001:db8::/32",
        "::/0",
        "AWS::EC2::VPC",
    ),
]

names = st.from_regex(r"[A-Z][a-zA-Z0-9]{0,8}", fullmatch=True)
texts = st.one_of(
    st.sampled_from(HARD),
    names,
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    st.text(" \n\t:#-'\"{}[]&*!|>%@`,?~=<0123456789eExyn_.+/$\\\r\x85\u2028\ufeffab", max_size=12),
    st.lists(st.sampled_from(["a", "  b: c", "", "#d", "e ", "- f", "\tg"]), max_size=6).map("\n".join),
)
numbers = st.one_of(st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False))
pseudo = st.sampled_from([tr.AccountId, tr.NoValue, tr.Partition, tr.Region, tr.StackName])
scalars = st.one_of(texts, numbers, pseudo, st.none(), names.map(tr.Ref), st.builds(tr.GetAtt, names, texts))


raw_functions = st.sampled_from(
    [
        *("Ref", "Condition", "Fn::Sub", "Fn::GetAtt", "Fn::Transform"),
        *("Fn::ForEach::Each", "Fn::Contains", "Fn::ToJsonString"),
    ]
)


def _functions(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(
        st.dictionaries(raw_functions, inner, min_size=1, max_size=1),
        st.builds(tr.Sub, texts),
        st.builds(tr.Sub, inner, st.dictionaries(names, inner, max_size=3)),
        st.builds(tr.Join, texts, inner),
        st.builds(tr.Split, texts, inner),
        st.builds(tr.Select, inner, inner),
        st.builds(tr.If, names, inner, inner),
        st.builds(tr.FindInMap, inner, inner, inner),
        st.builds(tr.Cidr, inner, inner, inner),
        st.builds(tr.GetAtt, names, inner),
        st.builds(tr.And, inner, inner),
        *(
            st.builds(function, inner)
            for function in (tr.GetAZs, tr.Base64, tr.ImportValue, tr.Ref, tr.Not, tr.Condition)
        ),
    )


def _nested(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    lists = st.lists(inner, max_size=3)
    dicts = st.dictionaries(texts.map(lambda key: key[:900]), inner, max_size=3)
    return st.one_of(
        *(lists, dicts, lists.map(tuple), dicts.map(OrderedDict), _functions(inner), _functions(inner)),
        *(st.builds(tr.Tag, texts, inner), st.builds(tr.Tags, dicts)),
    )


def _as_function(value: Any) -> tr.AWSHelperFn:
    """A function where troposphere accepts no dict."""
    return value if isinstance(value, tr.AWSHelperFn) else tr.GenericHelperFn(value)


values = st.recursive(scalars, _nested, max_leaves=12)
strings = st.one_of(texts, _functions(values).map(_as_function))


@st.composite
def statements(draw: st.DrawFn) -> awacs.Statement:
    parts: dict[str, Any] = {
        "Resource": draw(st.lists(strings, min_size=1, max_size=2)),
        "Action": [awacs.Action("s3", draw(names)) for _ in range(draw(st.integers(0, 3)))],
        "Principal": draw(st.sampled_from([awacs.Principal("*"), awacs.Principal("Service", ["ecs.amazonaws.com"])])),
        "Condition": awacs.Condition(
            [awacs.StringEquals("aws:SourceAccount", draw(strings)), awacs.Bool({"a:b": "true"})]
        ),
        "Sid": draw(names),
    }
    kept = draw(st.lists(st.sampled_from(sorted(parts)), unique=True))
    return awacs.Statement(Effect=awacs.Allow, **{name: parts[name] for name in kept})


documents = st.builds(
    lambda items: awacs.PolicyDocument(Statement=items, Version="2012-10-17"), st.lists(statements(), max_size=2)
)
AUTO_SCALING_TAGS: Any = autoscaling_tags.Tags  # untyped, and with a to_dict of its own
TRANSFORMS: list[list[object] | str] = ["AWS::LanguageExtensions", ["AWS::LanguageExtensions", "Macro"]]
RESOURCES: list[st.SearchStrategy[tr.AWSObject]] = [
    st.builds(cloudformation.WaitConditionHandle, names),
    st.builds(
        sqs.Queue,
        names,
        QueueName=strings,
        VisibilityTimeout=numbers.map(abs).map(int),
        Tags=values.map(lambda v: tr.Tags(a=v)),
    ),
    st.builds(
        lambda title, text, rules: ec2.SecurityGroup(title, GroupDescription=text, SecurityGroupEgress=rules),
        names,
        strings,
        st.lists(
            st.builds(ec2.SecurityGroupRule, IpProtocol=texts, CidrIp=strings, FromPort=st.integers(0, 65535)),
            max_size=2,
        ),
    ),
    st.builds(
        lambda title, document, name: iam.Role(
            title, Policies=[iam.Policy(PolicyName=name, PolicyDocument=document)], AssumeRolePolicyDocument=document
        ),
        names,
        documents,
        strings,
    ),
    st.builds(
        lambda title, text, value, flag: ecs.TaskDefinition(
            title,
            ContainerDefinitions=[
                ecs.ContainerDefinition(
                    Name=text, Image=value, Essential=flag, Environment=[ecs.Environment(Name="A", Value=value)]
                )
            ],
        ),
        names,
        texts,
        strings,
        st.booleans(),
    ),
    st.builds(
        lambda title, value: autoscaling.AutoScalingGroup(
            title,
            MinSize="1",
            AvailabilityZones=tr.GetAZs(value),
            MaxSize=value,
            Tags=AUTO_SCALING_TAGS(Name=("a", False), Value=value),
            CreationPolicy=policies.CreationPolicy(ResourceSignal=policies.ResourceSignal(Count=1, Timeout="PT5M")),
            UpdatePolicy=policies.UpdatePolicy(
                AutoScalingRollingUpdate=policies.AutoScalingRollingUpdate(MaxBatchSize="1")
            ),
        ),
        names,
        names.map(tr.Ref),
    ),
    st.builds(
        lambda title, value: cloudformation.CustomResource(title, Zeta=value, Alpha=value, ServiceToken="a"),
        names,
        values,
    ),
]


@st.composite
def resources(draw: st.DrawFn) -> tr.AWSObject:
    resource = draw(st.one_of(RESOURCES))
    attributes = {
        "Metadata": st.dictionaries(names, values, min_size=1, max_size=2),
        "UpdateReplacePolicy": st.just("Retain"),
        "DeletionPolicy": st.just("Retain"),
        "DependsOn": st.one_of(names, st.lists(names, min_size=1, max_size=2)),
        "Condition": names,
    }
    for name in draw(st.lists(st.sampled_from(sorted(attributes)), unique=True)):
        setattr(resource, name, draw(attributes[name]))
    return resource


parameters = st.builds(
    lambda title, text, given: tr.Parameter(title, **given, Description=text, Type="String"),
    names,
    texts,
    st.fixed_dictionaries(
        {},
        optional={"Default": texts, "NoEcho": st.booleans(), "AllowedValues": st.lists(texts), "MinLength": st.just(1)},
    ),
)


@st.composite
def templates(draw: st.DrawFn) -> tr.Template:
    """Whole templates; what they say would not always deploy, but all of it can be written down."""
    template = tr.Template(Description=draw(st.one_of(st.none(), texts)))
    for name, value in draw(st.dictionaries(names, st.one_of(documents, values), max_size=3)).items():
        template.metadata[name] = value
    for name, output in draw(st.dictionaries(names, strings, max_size=3)).items():
        template.add_output(tr.Output(name, Value=output, Export=tr.Export(output), Description="a"))
    for resource in draw(st.lists(resources(), max_size=4)):
        template.resources[str(resource.title)] = resource
    for parameter in draw(st.lists(parameters, max_size=3)):
        template.parameters[str(parameter.title)] = parameter
    for name, value in draw(st.dictionaries(names, values, max_size=3)).items():
        template.add_condition(name, tr.Not(tr.Equals(value, "a")))
        template.add_mapping(name, {"Top": {"Second": value}})
        template.add_rule(
            name, {"Assertions": [{"Assert": tr.Equals(value, value)}], "RuleCondition": tr.Equals(value, 1)}
        )
    if draw(st.booleans()):
        template.set_version()
        template.set_transform(draw(st.sampled_from(TRANSFORMS)))
    return template
