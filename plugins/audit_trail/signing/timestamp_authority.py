"""Asking a time-stamping authority over HTTP (RFC 3161 section 3.4)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from typing import TYPE_CHECKING

from audit_trail.errors import ConfigurationError, IntegrityError, StorageError
from audit_trail.settings import TimestampSettings
from audit_trail.signing.timestamps import MAX_TOKEN_BYTES, Token, check_token, read_anchors

if TYPE_CHECKING:
    from requests import Response, Session

QUERY_TYPE, REPLY_TYPE = "application/timestamp-query", "application/timestamp-reply"


class TimestampAuthority:
    """One authority. Keeps a connection; not to be shared by threads.

    Proxies and credentials come from where `requests` finds them: the
    environment's `HTTPS_PROXY` and the like, and `~/.netrc`.

    Raises:
        ConfigurationError: No authority is set, or its certificates cannot be read.
    """

    def __init__(self, settings: TimestampSettings) -> None:
        if settings.url is None or settings.certificate_file is None:
            raise ConfigurationError("no time-stamping authority is set", where="timestamps.url")
        self._url = settings.url
        # What follows a `?` may be a customer's key.
        self.name = settings.url.partition("?")[0]
        self._timeout_s = settings.timeout_s
        self._anchors = read_anchors(settings.certificate_file)
        self._session: Session | None = None

    def request(self, data: bytes) -> tuple[bytes, Token]:
        """Get a token over `data`, of which only the SHA-256 is sent, and check it.

        Not retried here. Asking twice gives two tokens, both good.

        Returns:
            The TimeStampResp as it was received, and what it says.

        Raises:
            StorageError: The authority could not be reached, refused, or
                answered with something that cannot be believed.
        """
        from rfc3161_client import HashAlgorithm, TimestampRequestBuilder

        builder = TimestampRequestBuilder().data(data).hash_algorithm(HashAlgorithm.SHA256)
        query = builder.nonce(nonce=True).cert_request(cert_request=True).build()
        answer = self._post(query.as_bytes())
        try:
            token = check_token(
                answer,
                sha256=sha256(data).hexdigest(),
                anchors=self._anchors,
                where=self.name,
                nonce=query.nonce,
            )
        except IntegrityError as error:
            raise StorageError(
                f"the time-stamping authority's answer is not kept: {error.what}",
                where=self.name,
                expected=error.expected,
                found=error.found,
                remedy="check timestamps.url and timestamps.certificate_file",
            ) from error
        return answer, token

    def _post(self, query: bytes) -> bytes:
        deadline = time.monotonic() + self._timeout_s
        with self._errors():
            # No redirect is followed: it could lead to another scheme, or a host nobody named.
            response = self._opened().post(
                self._url,
                data=query,
                headers={"Content-Type": QUERY_TYPE, "Accept": REPLY_TYPE},
                timeout=self._timeout_s,
                allow_redirects=False,
                stream=True,
            )
            with response:
                if response.status_code != 200:
                    raise self._refused(response)
                return self._body(response, deadline)

    def _body(self, response: Response, deadline: float) -> bytes:
        """The whole answer, unless it is too long or comes too slowly."""
        body = b""
        for block in response.iter_content(4096):
            body += block
            if len(body) > MAX_TOKEN_BYTES:
                raise StorageError(
                    "the time-stamping authority's answer is too long to be a token",
                    where=self.name,
                    expected=f"at most {MAX_TOKEN_BYTES} bytes",
                )
            if time.monotonic() > deadline:
                raise StorageError(
                    "the time-stamping authority answers too slowly",
                    where=self.name,
                    expected=f"an answer within {self._timeout_s} s",
                    remedy="it is asked again in the next run; timestamps.timeout_s may be raised",
                )
        return body

    def _refused(self, response: Response) -> StorageError:
        moved = response.is_redirect
        return StorageError(
            "the time-stamping authority refused",
            where=self.name,
            expected="HTTP status 200",
            found=f"HTTP status {response.status_code}",
            remedy="set timestamps.url to where it has moved"
            if moved
            else "it is asked again in the next run",
        )

    def _opened(self) -> Session:
        if self._session is None:
            from requests import Session

            self._session = Session()
        return self._session

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """No foreign exception leaves this class; their texts quote the URL with all that is in it."""
        from requests import RequestException

        try:
            yield
        except (RequestException, OSError, ValueError) as error:
            raise StorageError(
                "the time-stamping authority could not be reached",
                where=self.name,
                found=type(error).__name__,
                remedy="check timestamps.url and the network; it is asked again in the next run",
            ) from error
