"""What sources need from outside: clients of AWS, the clock, a folder to work in."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MAX_ATTEMPTS = 8
"""With botocore's back-off of up to 20 s: up to a minute of throttling."""


def _boto3_client(service: str, **options: Any) -> Any:
    import boto3

    session: Any = boto3  # its stubs want each service by name
    return session.client(service, **options)


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceAccess:
    """How sources reach what is not a file on this machine.

    Attributes:
        make_client: Makes a client of an AWS service, with the options of
            `boto3.Session.client`; boto3's own credential chain where nobody
            brings another.
        now: The clock.
        pause: Waits so many seconds.
        work_folder: Where a day's raw events are kept while they are sorted, in
            files without a name that their owner alone can read; None: the
            system's folder for temporary files.
    """

    make_client: Callable[..., Any] = _boto3_client
    now: Callable[[], datetime] = _utc_now
    pause: Callable[[float], None] = time.sleep
    work_folder: Path | None = None
    _clients: dict[tuple[str, str | None, str | None], Any] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def client(self, service: str, *, region: str | None, endpoint_url: str | None) -> Any:
        """A client that backs off and tries again where a service is busy; made once.

        Args:
            service: `s3` or `logs`.
            region: None: that of the credentials.
            endpoint_url: None: AWS, or what `AWS_ENDPOINT_URL` says.

        Raises:
            ConfigurationError: No client can be made of the settings.
        """
        from botocore.config import Config

        place = service, region, endpoint_url
        if place not in self._clients:
            options: dict[str, Any] = {"region_name": region} if region else {}
            if endpoint_url:
                options["endpoint_url"] = endpoint_url
            # Other stores seldom have a host name for each bucket.
            style: Any = {"addressing_style": "path" if endpoint_url else "auto"}
            config = Config(retries={"mode": "standard", "max_attempts": MAX_ATTEMPTS}, s3=style)
            self._clients[place] = self.make_client(service, config=config, **options)
        return self._clients[place]
