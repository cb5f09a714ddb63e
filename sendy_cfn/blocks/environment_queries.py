"""Queries of Logs Insights on an environment's dashboard.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax.html
"""

from __future__ import annotations

# Of flow logs in their default form, whose fields Logs Insights knows.
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_AnalyzeLogData-discoverable-fields.html
REJECTS = (
    'filter action = "REJECT"'
    " | stats count(*) as rejects, sum(bytes) as bytes_rejected by srcAddr, dstAddr, dstPort"
    " | sort rejects desc | limit 20"
)
# Lists are flattened: of the containers, the first three.
TASK_STOPS = (
    'filter `detail-type` = "ECS Task State Change"'
    " | sort @timestamp desc | limit 50"
    " | display time, detail.group, detail.stopCode, detail.stoppedReason, detail.containers.0.name,"
    " detail.containers.0.exitCode, detail.containers.0.reason, detail.containers.1.reason,"
    " detail.containers.2.reason"
)
