"""An account with a stack of the template in it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.infra.deployed_stack import ACCOUNT, Stack

WORKERS = f"arn:aws:iam::{ACCOUNT}:role/airflow-workers"
AUDITORS = "arn:aws:iam::210987654321:role/auditors"
EVERYTHING = {
    "Prefix": "company/logs/",
    "ObjectEncryption": "SSE-KMS",
    "SigningKey": "RSA_3072",
    "ReaderPrincipals": AUDITORS,
    "ColdStorage": "yes",
    "AlarmEmail": "audit@example.com",
}


@pytest.fixture
def deploy(aws_by_name: str) -> Callable[..., Stack]:
    """Deploys the template; at most once a test."""

    def deploy(**parameters: str) -> Stack:
        given = {"BucketName": "acme-audit-trail", "WriterPrincipals": WORKERS}
        return Stack(**given | parameters)

    return deploy
