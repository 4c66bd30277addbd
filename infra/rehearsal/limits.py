"""What a rehearsal on this machine cannot prove about AWS: said at its end, and in the README."""

from __future__ import annotations

from collections.abc import Mapping

UNPROVEN: Mapping[str, str] = {
    "IAM": "conditions, resource policies as AWS reads them, who may deploy, KMS",
    "API Gateway": "compression, its 10 MB and 29 s, TLS, domains, how soon a stage is served",
    "Lambda": "cold starts and their cost, memory, the image's own boto3, arm64, snapshots",
    "SQS": "the redrive command, visibility over minutes, order and duplicates under load",
    "DynamoDB": "throttling, hot keys, races (make test-races), restoring a table",
    "CloudFormation": "AWS's own SAM transform, its order and its roll back of a failed update",
    "Watching": "alarms, dashboard and budget exist at most, and go off for nothing",
    "Limits and money": "quotas, regions, prices (make cost)",
    "Carriers": "the real ones: these are stand-ins, held to the published forms",
}
"""By where it lies, what is left for the first deployment to AWS to show."""
