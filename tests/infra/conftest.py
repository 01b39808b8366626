"""An account with a stack of the template in it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.infra.deployed_stack import ACCOUNT, REGION, Stack

WORKERS = f"arn:aws:iam::{ACCOUNT}:role/airflow-workers"
AUDITORS = "arn:aws:iam::210987654321:role/auditors"
SOURCE_KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/5a0c7c1e-2d4b-4f0e-9d52-000000000001"
LOG_GROUP = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/lambda/orders:*"
EVERYTHING = {
    "Prefix": "company/logs/",
    "ObjectEncryption": "SSE-KMS",
    "SigningKey": "RSA_3072",
    "ReaderPrincipals": AUDITORS,
    "ReadersRestore": "yes",
    "ReadersSeeAccess": "yes",
    "ColdStorage": "yes",
    "SettingsPrefix": "/audit-trail/settings",
    "SourceBuckets": "arn:aws:s3:::acme-app-logs",
    "SourceObjects": "arn:aws:s3:::acme-app-logs/app/*,arn:aws:s3:::acme-app-logs/web/*",
    "SourceKeys": SOURCE_KEY,
    "LogGroups": LOG_GROUP,
    "StagingBucketName": "acme-staging",
    "AlarmEmail": "audit@example.com",
}


@pytest.fixture
def deploy(aws_by_name: str) -> Callable[..., Stack]:
    """Deploys the template; at most once a test."""

    def deploy(**parameters: str) -> Stack:
        given = {"BucketName": "acme-audit-trail", "WriterPrincipals": WORKERS}
        return Stack(**given | parameters)

    return deploy
