"""The load balancer's access logs as a table of Athena, and queries over it that are ready.

Fields: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html
Table: https://docs.aws.amazon.com/athena/latest/ug/create-alb-access-logs-table-partition-projection.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from troposphere import AccountId, Join, Split, Sub, athena, glue

if TYPE_CHECKING:
    from troposphere import AWSObject, Ref, s3

TABLE = "access_log"
RESULTS = "queries/"  # in the bucket of the logs, which go after as many days

# Queries that would read more are stopped. Athena charges by what it reads, $5.00 a terabyte in us-east-1.
# https://aws.amazon.com/athena/pricing/
MOST_BYTES = 100 * 1024**3

_WORD, _TEXT, _SECONDS, _COUNT = "([^ ]*)", '"([^"]*)"', "([-.0-9]*)", "([-0-9]*)"
_AND_PORT = r"([^ ]*?)(?::([0-9]*))?"  # `-` where no target was reached

# Parts of a line, in their order: the columns of each with their types, and how it is written. A line has to match as a
# whole, and there have to be as many groups as columns, else Athena reads nothing but nulls or fails.
# https://repost.aws/knowledge-center/regexserde-error-athena-matching-groups
PARTS: tuple[tuple[str, str], ...] = (
    ("type string", _WORD),
    ("time string", _WORD),
    ("elb string", _WORD),
    ("client_ip string, client_port int", _AND_PORT),
    ("target_ip string, target_port int", _AND_PORT),
    ("request_processing_time double", _SECONDS),
    ("target_processing_time double", _SECONDS),
    ("response_processing_time double", _SECONDS),
    ("elb_status_code int", _COUNT),
    ("target_status_code string", _COUNT),
    ("received_bytes bigint", _COUNT),
    ("sent_bytes bigint", _COUNT),
    # Where the request could not be read: "- http://example.com:80- "
    ("request_verb string, request_url string, request_proto string", '"([^ ]*) (.*) (- |[^ ]*)"'),
    ("user_agent string", _TEXT),
    ("ssl_cipher string", _WORD),
    ("ssl_protocol string", _WORD),
    ("target_group_arn string", _WORD),
    ("trace_id string", _TEXT),
    ("domain_name string", _TEXT),
    ("chosen_cert_arn string", _TEXT),
    ("matched_rule_priority string", _WORD),
    ("request_creation_time string", _WORD),
    ("actions_executed string", _TEXT),
    ("redirect_url string", _TEXT),
    ("error_reason string", _TEXT),
    ("target_port_list string", _TEXT),
    ("target_status_code_list string", _TEXT),
    ("classification string", _TEXT),
    ("classification_reason string", _TEXT),
)
# Later fields, which older lines lack. What AWS adds after them is passed over, as its page asks for.
_LATER = "conn_trace_id string, transformed_host string, transformed_uri string, request_transform_status string"
COLUMNS: tuple[tuple[str, str], ...] = tuple(
    (name, kind)
    for part in (*(columns for columns, _ in PARTS), _LATER)
    for name, _, kind in (column.partition(" ") for column in part.split(", "))
)
PATTERN = " ".join(text for _, text in PARTS) + f"(?: {_WORD}(?: {_TEXT} {_TEXT} {_TEXT})?(?: .*)?)?"

_LATELY = "day >= date_format(current_date - interval '1' day, '%Y/%m/%d')"  # since yesterday, in UTC
QUERIES = {
    "SlowestRequests": (
        "slowest requests",
        "Requests for which targets took the longest, since yesterday",
        "SELECT target_processing_time AS seconds, time, request_verb, request_url, elb_status_code, target_ip,\n"
        "  trace_id\n"
        f"FROM {TABLE}\n"
        f"WHERE {_LATELY} AND target_processing_time >= 0\n"
        "ORDER BY target_processing_time DESC\n"
        "LIMIT 100",
    ),
    "ErrorsByTarget": (
        "errors by target",
        "Answers of 500 and more by the task that gave them, or did not answer, since yesterday",
        "SELECT target_group_arn, target_ip, elb_status_code, target_status_code, count(*) AS requests,\n"
        "  min(time) AS first_time, max(time) AS last_time, max_by(request_url, time) AS last_url\n"
        f"FROM {TABLE}\n"
        f"WHERE {_LATELY} AND elb_status_code >= 500\n"
        "GROUP BY target_group_arn, target_ip, elb_status_code, target_status_code\n"
        "ORDER BY requests DESC",
    ),
    # The web ACL's refusals are 403 with `waf` as the last action.
    "Rejected": (
        "who is rejected",
        "Clients that got a 4xx from the load balancer or its web ACL and reached no target, since yesterday",
        "SELECT client_ip, elb_status_code, actions_executed, classification_reason, count(*) AS requests,\n"
        "  min(time) AS first_time, max(time) AS last_time, max_by(request_url, time) AS last_url,\n"
        "  max_by(user_agent, time) AS last_user_agent\n"
        f"FROM {TABLE}\n"
        f"WHERE {_LATELY}\n"
        "  AND elb_status_code BETWEEN 400 AND 499 AND target_status_code = '-'\n"
        "GROUP BY client_ip, elb_status_code, actions_executed, classification_reason\n"
        "ORDER BY requests DESC\n"
        "LIMIT 100",
    ),
}


def table(name: str, bucket: s3.Bucket, key: Ref, days: Ref) -> list[AWSObject]:
    """Database, table, workgroup and saved queries of the logs in the bucket.

    Nothing has to be told Athena of new days: it works out where a day's logs are, for the `days` that they are kept.

    Args:
        name: text of the workgroup's name, with references; the database's has `_` where that has `-`.
        bucket: where the load balancer logs to, without a prefix.
        key: ARN of the key that results are encrypted with.
        days: that the bucket keeps logs.
    """
    database = glue.Database(
        "AccessLogDatabase",
        CatalogId=AccountId,
        # Athena takes no other special character.
        # https://docs.aws.amazon.com/athena/latest/ug/tables-databases-columns-names.html
        DatabaseInput=glue.DatabaseInput(
            Name=Join("_", Split("-", Sub(name))), Description="Access logs of a load balancer"
        ),
    )
    workgroup = athena.WorkGroup(
        "AccessLogWorkGroup",
        Name=Sub(name),
        Description="Queries of a load balancer's access logs",
        RecursiveDeleteOption=True,  # what people saved in it would keep the stack from being deleted
        WorkGroupConfiguration=athena.WorkGroupConfiguration(
            EnforceWorkGroupConfiguration=True,
            PublishCloudWatchMetricsEnabled=True,
            BytesScannedCutoffPerQuery=MOST_BYTES,
            ResultConfiguration=athena.ResultConfiguration(
                OutputLocation=Sub(f"s3://${{{bucket.title}}}/{RESULTS}"),
                ExpectedBucketOwner=AccountId,
                EncryptionConfiguration=athena.EncryptionConfiguration(EncryptionOption="SSE_KMS", KmsKey=key),
            ),
        ),
    )
    queries = [
        athena.NamedQuery(
            f"{title}Query",
            Name=Sub(f"{name} {says}"),
            Description=about,
            Database=database.ref(),
            WorkGroup=workgroup.ref(),
            QueryString=text,
        )
        for title, (says, about, text) in QUERIES.items()
    ]
    return [database, _table(database, bucket, days), workgroup, *queries]


def _table(database: glue.Database, bucket: s3.Bucket, days: Ref) -> glue.Table:
    logs = f"s3://${{{bucket.title}}}/AWSLogs/${{AWS::AccountId}}/elasticloadbalancing/${{AWS::Region}}/"
    # https://docs.aws.amazon.com/athena/latest/ug/partition-projection-supported-types.html
    by_day = {
        "projection.enabled": "true",
        "projection.day.type": "date",
        "projection.day.format": "yyyy/MM/dd",
        "projection.day.range": Sub("NOW-${Days}DAYS,NOW", {"Days": days}),
        "projection.day.interval": "1",
        "projection.day.interval.unit": "DAYS",
        "storage.location.template": Sub(f"{logs}${{!day}}"),
    }
    return glue.Table(
        "AccessLogTable",
        CatalogId=AccountId,
        DatabaseName=database.ref(),
        TableInput=glue.TableInput(
            Name=TABLE,
            Description="One row for each request",
            TableType="EXTERNAL_TABLE",
            Parameters={"EXTERNAL": "TRUE", **by_day},
            PartitionKeys=[glue.Column(Name="day", Type="string")],
            StorageDescriptor=glue.StorageDescriptor(
                Location=Sub(logs),
                InputFormat="org.apache.hadoop.mapred.TextInputFormat",
                OutputFormat="org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
                SerdeInfo=glue.SerdeInfo(
                    SerializationLibrary="org.apache.hadoop.hive.serde2.RegexSerDe",
                    Parameters={"serialization.format": "1", "input.regex": PATTERN},
                ),
                Columns=[glue.Column(Name=name, Type=kind) for name, kind in COLUMNS],
            ),
        ),
    )
