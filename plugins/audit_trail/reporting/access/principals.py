"""Who makes a request: the caller as policies see it, and whether a statement means it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum
from typing import Literal

from audit_trail.reporting.access.conditions import Truth
from audit_trail.reporting.access.policy_document import Statement
from audit_trail.reporting.access.request_context import RequestContext
from audit_trail.reporting.access.wildcards import Pattern, literal, wildcard

Kind = Literal[
    "root", "user", "role", "account", "principal", "service", "federated", "canonical user", "anyone"
]
_OTHER_KINDS: dict[str, Kind] = {
    "Service": "service",
    "Federated": "federated",
    "CanonicalUser": "canonical user",
}
_SESSION = re.compile(r"arn:[^:]+:sts::(?P<account>\d{12}):assumed-role/(?P<role>[^/]+)/.+\Z")
_ROOT = re.compile(r"(?:arn:[^:]+:iam::)?(?P<account>\d{12})(?::root)?\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """A caller, and the policies that go with it.

    Attributes:
        kind: `user`, `role` and `root` are of the bucket's account, `anyone` is nobody's.
        name: Its ARN, or whatever else policies call it by.
        account: Its account; empty where it has none.
        unique_id: `AIDA…`, `AROA…`; empty where it is not known.
        statements: Of its identity-based policies; those of its groups too.
        boundary: Of its permissions boundary; None: it has none.
        tags: Of a user; a role's may be overridden by its session's.
    """

    kind: Kind
    name: str
    account: str = ""
    unique_id: str = ""
    statements: tuple[Statement, ...] = ()
    boundary: tuple[Statement, ...] | None = None
    tags: tuple[tuple[str, str], ...] = ()

    @property
    def is_local(self) -> bool:
        """Whether its identity-based policies are known."""
        return self.kind in ("root", "user", "role")

    def context(self, *, bucket_account: str, secure: bool) -> RequestContext:
        """What is known of a request that it makes, over TLS or not."""
        values: dict[str, Pattern] = {
            "aws:securetransport": literal("true" if secure else "false"),
            "aws:resourceaccount": literal(bucket_account),
            "s3:resourceaccount": literal(bucket_account),
        }
        absent: set[str] = set()
        prefixes: tuple[str, ...] = ()
        if self.is_local or self.kind in ("account", "principal"):
            values |= {"aws:principalaccount": literal(self.account)} if self.account else {}
            values |= {"aws:principalisawsservice": literal("false")}
        if self.is_local or (self.kind == "principal" and ":assumed-role/" not in self.name):
            values["aws:principalarn"] = literal(self.name)
        if self.kind == "user":
            values["aws:username"] = literal(self.name.rpartition("/")[2])
            values["aws:userid"] = literal(self.unique_id)
            values["aws:principaltype"] = literal("User")
            values |= {f"aws:principaltag/{name.lower()}": literal(value) for name, value in self.tags}
            prefixes = ("aws:principaltag/",)
        if self.kind == "role":
            # A session's id ends with the name that its maker chose.
            values["aws:userid"] = literal(self.unique_id) + wildcard(":*")
            values["aws:principaltype"] = literal("AssumedRole")
            absent.add("aws:username")
        if self.kind == "root":
            values["aws:principaltype"] = literal("Account")
            values["aws:userid"] = literal(self.account)
            absent.add("aws:username")
            prefixes = ("aws:principaltag/",)
        return RequestContext(values=values, absent=frozenset(absent), absent_prefixes=prefixes)


class Match(Enum):
    """How a statement of a bucket policy means a caller."""

    NO = "not at all"
    ACCOUNT = "by its account"
    SESSION = "by one of its sessions"
    ITSELF = "by its own name"
    EVERYONE = "as everyone"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    matches: frozenset[Match] = field(default_factory=frozenset)

    def best(self) -> Match:
        order = (Match.EVERYONE, Match.ITSELF, Match.SESSION, Match.ACCOUNT)
        return next((match for match in order if match in self.matches), Match.NO)


def allow_match(statement: Statement, who: Principal) -> Match:
    """How an allow of a bucket policy means a caller."""
    found = _named(statement, who)
    if not statement.not_principals:
        return found.best()
    return Match.NO if found.matches else Match.EVERYONE


def deny_match(statement: Statement, who: Principal) -> Truth:
    """Whether a deny of a bucket policy means a caller; None: AWS promises neither.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
    """
    found = _named(statement, who)
    if not statement.not_principals:
        return None if found.matches == {Match.SESSION} else bool(found.matches)
    if who.boundary is not None:
        return True
    if Match.EVERYONE in found.matches:
        return False
    if Match.ITSELF not in found.matches:
        return None if Match.SESSION in found.matches else True
    # The account must be excepted along with the caller, and a role's session along with the role.
    excepted = who.kind == "root" or (who.kind == "user" and Match.ACCOUNT in found.matches)
    return False if excepted or not who.is_local else None


def _named(statement: Statement, who: Principal) -> _Found:
    found = {_match(kind, value, who) for kind, value in statement.principals}
    return _Found(matches=frozenset(found - {Match.NO}))


def _match(kind: str, value: str, who: Principal) -> Match:
    if (kind, value) == ("AWS", "*"):
        return Match.EVERYONE
    if kind != "AWS":
        return Match.ITSELF if (_OTHER_KINDS[kind], value) == (who.kind, who.name) else Match.NO
    if value == who.name or (who.unique_id and value == who.unique_id):
        return Match.ITSELF
    root = _ROOT.match(value)
    if root and who.account and root["account"] == who.account:
        return Match.ITSELF if who.kind in ("root", "account") else Match.ACCOUNT
    session = _SESSION.match(value)
    if session and who.kind == "role" and session["account"] == who.account:
        return Match.SESSION if session["role"] == who.name.rpartition("/")[2] else Match.NO
    return Match.NO


def outside_principals(
    statements: tuple[Statement, ...], local: tuple[Principal, ...], *, account: str
) -> list[Principal]:
    """Everybody that a bucket policy's allows name and that is not in its account's IAM."""
    found: dict[tuple[str, str], Principal] = {}
    for statement in statements:
        if not statement.allows:
            continue
        if statement.not_principals:
            found["anyone", "*"] = Principal(kind="anyone", name="*")
            continue
        for kind, value in statement.principals:
            who = _outsider(kind, value, account)
            if who is not None and not any(
                _match(kind, value, one) in (Match.ITSELF, Match.SESSION) for one in local
            ):
                found[who.kind, who.name] = who
    return list(found.values())


def _outsider(kind: str, value: str, account: str) -> Principal | None:
    if kind != "AWS":
        return Principal(kind=_OTHER_KINDS[kind], name=value)
    if value == "*":
        return Principal(kind="anyone", name="*")
    root = _ROOT.match(value)
    if root and root["account"] != account:
        return Principal(kind="account", name=value, account=root["account"])
    # What is no ARN is the id of somebody who has been deleted since.
    if root or not value.startswith("arn:"):
        return None
    return Principal(kind="principal", name=value, account=(value.split(":") + [""] * 5)[4])
