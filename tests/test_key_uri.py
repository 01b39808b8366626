"""Key URIs: read one way, and never with a secret in them."""

from __future__ import annotations

import pytest

from audit_trail.errors import ConfigurationError
from audit_trail.key_uri import KmsUri, Pkcs11Uri, VaultUri, parse_key_uri
from audit_trail.settings import load_settings

PIN = "not-to-be-shown"
ARN = "arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"


@pytest.mark.parametrize(
    ("text", "uri"),
    [
        (f"awskms:{ARN}", KmsUri(key=ARN)),
        ("awskms:alias/seal", KmsUri(key="alias/seal")),
        ("awskms:1234abcd-12ab-34cd-56ef-1234567890ab", KmsUri(key="1234abcd-12ab-34cd-56ef-1234567890ab")),
        ("pkcs11:token=audit;id=%02", Pkcs11Uri(token="audit", number=2)),
        ("pkcs11:id=%01%00;token=audit%20trail", Pkcs11Uri(token="audit trail", number=256)),
        ("pkcs11:token=a;id=A", Pkcs11Uri(token="a", number=65)),
        ("hv:seal", VaultUri(name="seal", version=None)),
        ("hv:seal/12", VaultUri(name="seal", version=12)),
    ],
)
def test_it_is_read_and_written_again(text: str, uri: object) -> None:
    parsed = parse_key_uri(text)
    assert parsed == uri
    assert parse_key_uri(str(parsed)) == uri


@pytest.mark.parametrize(
    ("key", "region"),
    [(ARN, "eu-central-1"), ("arn:aws-cn:kms:cn-north-1:1:alias/x", "cn-north-1"), ("alias/x", None)],
)
def test_an_arn_names_its_region(key: str, region: str | None) -> None:
    assert KmsUri(key=key).region == region


@pytest.mark.parametrize(
    "text",
    [
        "",
        "file:rsa.pem",
        "awskms:",
        "awskms:///alias/x",
        "awskms:a b",
        "hv:",
        "hv:a/b",
        "hv:a/0",
        "hv:../a",
        "hv:a/1/2",
        "pkcs11:",
        "pkcs11:token=a",
        "pkcs11:id=%02",
        "pkcs11:token=a;id=",
        "pkcs11:token=a;id=%00",
        "pkcs11:token=a;id=%00%02",
        "pkcs11:token=a;id=%2",
        "pkcs11:token=a;token=b;id=%02",
        "pkcs11:token=a;object=x;id=%02",
        "pkcs11:token=%ff;id=%02",
        "pkcs11:token=a;id=%02?module-path=/x.so",
        "pkcs11:token=a;id=" + "%01" * 65,
        "hsm:2?label=a",
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_key_uri(text)


@pytest.mark.parametrize(
    "text",
    [
        f"pkcs11:token=a;id=%02?pin-value={PIN}",
        f"pkcs11:token=a;id=%02;pin-value={PIN}",
        f"pkcs11:token=a;id=%02?PIN-VALUE={PIN}",
        f"pkcs11:token=a;id=%02?%70in-value={PIN}",
        f"pkcs11:token=a;id=%02?pin-source=file:/{PIN}",
    ],
)
def test_a_pin_in_a_uri_is_refused_and_not_shown(text: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_settings(signing={"key_uris": [text]})
    assert "signing.key_uris.0: it names a PIN" in str(caught.value)
    assert PIN not in str(caught.value)
