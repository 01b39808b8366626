"""Clients of the test server: making one takes longer than most calls."""

from __future__ import annotations

from functools import cache
from typing import Any


def new_client(service: str) -> Any:
    """A client as the environment says now."""
    import boto3

    session: Any = boto3.session.Session()
    return session.client(service, region_name="us-east-1")


@cache
def client(service: str) -> Any:
    """A client of the one server that all tests of a session share; `aws` must have been asked for."""
    return new_client(service)
