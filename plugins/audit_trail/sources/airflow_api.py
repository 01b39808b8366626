"""GET requests to Airflow's REST API, with a token that no log and no error shows.

https://airflow.apache.org/docs/apache-airflow/stable/security/api.html
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from audit_trail.errors import CollectionError, ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import requests

    from audit_trail.settings import SourceSettings

TIMEOUT_S = 60
MAX_TRIES = 6
BACKOFF_S = 0.5
"""Doubled from try to try: half a minute in all."""
_BUSY = (429, 500, 502, 503, 504)
MAX_SECRET_BYTES = 16 * 1024
_OK, _CREATED, _UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND = 200, 201, 401, 403, 404


class AirflowApi:
    """One Airflow and who asks it.

    Args:
        base: `https://HOST:PORT/BASE`.
        source: With `token_file`, or `username` and `password_file`.
        where: The source, for errors.

    Raises:
        ConfigurationError: The file with the secret is missing, empty, or readable by others.
    """

    def __init__(self, base: str, source: SourceSettings, *, where: str) -> None:
        self._base = base
        self._where = where
        self._username = source.username
        secret_file = source.token_file or source.password_file
        assert secret_file is not None  # noqa: S101 - settings see to it
        self._secret = _read_secret(secret_file)
        if self._username is None and not self._secret.isascii():
            raise _no_secret(secret_file)
        self._session = _session()
        self._token = ""

    def get(self, path: str, query: dict[str, Any], *, may_be_absent: bool = False) -> Any:
        """The decoded JSON answer.

        Logs in when it has to, and once more where a token has run out.

        Args:
            path: Behind the base.
            query: Parameters.
            may_be_absent: None is the answer where there is nothing of that path.

        Raises:
            CollectionError: No answer, a refusal, or no JSON.
        """
        is_new = not self._token
        if is_new:
            self._token = self._log_in()
        answer = self._ask("GET", path, params=query, headers={"Authorization": f"Bearer {self._token}"})
        # Airflow says 403 of a token that it does not believe, too.
        if answer.status_code in (_UNAUTHORIZED, _FORBIDDEN) and not is_new:
            self._token = ""
            return self.get(path, query, may_be_absent=may_be_absent)
        if may_be_absent and answer.status_code == _NOT_FOUND:
            return None
        return self._json(answer, path, expected=_OK)

    def _log_in(self) -> str:
        if self._username is None:
            return self._secret
        login = {"username": self._username, "password": self._secret}
        answer = self._json(self._ask("POST", "/auth/token", json=login), "/auth/token", expected=_CREATED)
        token = answer.get("access_token") if isinstance(answer, dict) else None
        if not isinstance(token, str) or not token:
            raise self._refused("/auth/token", "no token")
        return token

    def _ask(self, method: str, path: str, **options: Any) -> requests.Response:
        with self._errors():
            # A redirect could take the token to somebody else.
            return self._session.request(
                method, self._base + path, timeout=TIMEOUT_S, allow_redirects=False, **options
            )

    def _json(self, answer: requests.Response, path: str, *, expected: int) -> Any:
        if answer.status_code != expected:
            raise self._refused(path, f"HTTP status {answer.status_code}", status=answer.status_code)
        with self._errors():
            return answer.json()

    def _refused(self, path: str, found: str, *, status: int = 0) -> CollectionError:
        remedy = "check the source's url, then run again"
        if status == _UNAUTHORIZED:
            remedy = "renew the token, or correct username and password"
        elif status == _FORBIDDEN:
            remedy = "let this user read the audit log and all DAGs; or renew the token"
        return CollectionError(f"Airflow refused {path}", where=self._where, found=found, remedy=remedy)

    @contextmanager
    def _errors(self) -> Iterator[None]:
        import requests

        try:
            yield
        except requests.RequestException as error:
            # Its own text may show the request.
            raise CollectionError(
                "Airflow did not answer",
                where=self._where,
                found=type(error).__name__,
                remedy="check the source's url and the network, then run again",
            ) from None


def _session() -> requests.Session:
    import requests
    from requests.adapters import HTTPAdapter
    from urllib3.util import Retry

    session = requests.Session()
    # ~/.netrc must not answer in the place of the token; proxies stay in force.
    session.auth = _no_other_authentication
    retries = Retry(
        total=MAX_TRIES,
        backoff_factor=BACKOFF_S,
        status_forcelist=_BUSY,
        allowed_methods=None,
        raise_on_status=False,
    )
    for scheme in ("http://", "https://"):
        session.mount(scheme, HTTPAdapter(max_retries=retries))
    return session


def _no_other_authentication(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _read_secret(path: Path) -> str:
    try:
        with path.open("rb") as file:
            if path.stat().st_mode & 0o077:
                raise ConfigurationError(
                    "a source's credentials can be read by others",
                    where=str(path),
                    remedy=f"chmod 600 {path}",
                )
            secret = file.read(MAX_SECRET_BYTES + 1).rstrip(b"\r\n")
        text = secret.decode()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            "a source's credentials cannot be read",
            where=str(path),
            found=getattr(error, "strerror", None) or type(error).__name__,
            remedy="write the token or the password into it, and chmod 600",
        ) from error
    if not text or len(secret) > MAX_SECRET_BYTES or not text.isprintable():
        raise _no_secret(path)
    return text


def _no_secret(path: Path) -> ConfigurationError:
    return ConfigurationError(
        "a source's credentials are not a token or password",
        where=str(path),
        expected="one line",
        remedy="write the token or the password into it, and nothing else",
    )
