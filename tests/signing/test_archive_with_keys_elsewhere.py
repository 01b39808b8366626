"""An archive whose keys live in KMS, an HSM and Vault: founded, sealed, rotated, handed to an auditor."""

from __future__ import annotations

import copy
import json
import re
import subprocess
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from tests.pipeline.conftest import DAY, NOW, Archive, killed_before_the_put
from tests.reporting.conftest import exported, unpacked
from tests.reporting.opened_pack import ML_DSA_OPENSSL, OpenedPack, needs_tools
from tests.signing.key_management_service import KeyManagementService
from tests.signing.pkcs11_tokens import SoftToken
from tests.signing.transit_engine import TOKEN, OpenBao, TransitDouble

from audit_trail.archive.aws_clients import open_client
from audit_trail.demo.embedded_store import EmbeddedStore
from audit_trail.errors import ConfigurationError, IntegrityError
from audit_trail.evidence.object_keys import ledger_key
from audit_trail.pipeline.ledger_appends import revoke_key, rotate_keys
from audit_trail.settings import Settings
from audit_trail.signing.key_index import held_keys
from audit_trail.verification.proof_check import check_proof
from audit_trail.verification.proof_making import make_proof
from audit_trail.verification.record_lookup import RecordLookup, RecordPlace
from audit_trail.verification.verifier import Verifier, check_level

DAYS = ("2026-03-13", DAY)


@pytest.fixture
def kms(kms: KeyManagementService, monkeypatch: pytest.MonkeyPatch) -> KeyManagementService:
    """Asked with the archive's credentials; the environment's would be stronger, and not the store's."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    return kms


def with_signing(archive: Archive, **signing: Any) -> Settings:
    """The archive's settings with other keys; they are the archive's from now on."""
    chosen = archive.settings.signing.model_copy(update=signing)
    archive.settings = archive.settings.model_copy(update={"signing": chosen})
    return archive.settings


def seal(archive: Archive, day: str) -> None:
    archive.log(f"{day}.log", f"a record of {day}\n".encode() * 20)
    archive.processor().process_daily_logs(day)


def verified(archive: Archive) -> bool:
    context = archive.context()
    report = Verifier(
        context.store, genesis=archive.genesis, remembered=context.pin.read(), times=context.time_trust
    ).verify(check_level("content"), day=None, now=NOW, due_hours=24 * 365)
    return report.exit_code == 0


def scheme_uris(archive: Archive) -> dict[str, str]:
    uris = {key.public_key.keyid: key.uri for key in held_keys(archive.settings)}
    return {key.scheme: uris[key.keyid] for key in archive.context().ledger().keys}


def opened(archive: Archive, folder: Path, first: str, last: str) -> OpenedPack:
    assert exported(archive, folder / "pack.zip", first=first, last=last).checks.exit_code == 0
    pack = OpenedPack(folder=unpacked(folder / "pack.zip", folder / "pack"), archive=archive)
    pack.openssl = ML_DSA_OPENSSL
    return pack


@needs_tools
def test_an_archive_may_be_founded_with_keys_from_everywhere(
    tmp_path: Path,
    store: EmbeddedStore,
    kms: KeyManagementService,
    soft_token: SoftToken,
    transit: TransitDouble | OpenBao,
) -> None:
    transit.make("founding", "ed25519")
    uris = [f"awskms:{kms.add_rsa()}", soft_token.uri("02"), soft_token.uri("03"), "hv:founding"]
    archive = Archive(
        tmp_path / "home",
        store,
        signing={
            "key_uris": uris,
            "pkcs11_module": soft_token.module,
            "hsm_pin": soft_token.PIN,
            "vault_url": transit.url,
            "vault_token": TOKEN,
        },
    )
    found = scheme_uris(archive)
    assert found.pop("ml-dsa-65/1").startswith("file:ml-dsa-")
    assert found == {
        "rsassa-pss-sha256": uris[0],
        "ecdsa-sha2-nistp256": uris[1],
        "ecdsa-sha2-nistp384": uris[2],
        "ed25519": "hv:founding/1",
    }
    seal(archive, DAYS[0])
    assert verified(archive)
    index = (archive.settings.keys / "signing-keys.json").read_text()
    assert soft_token.PIN not in index
    assert TOKEN not in index

    context = archive.context()
    view = context.ledger()
    seal_of_day = view.seals_of(DAYS[0])[0]
    place = RecordLookup(context.store, view, lambda done, total: None).by_place(
        seal_of_day.objects[0].key, 3
    )
    assert isinstance(place, RecordPlace)
    proof = make_proof(context.store, view, place, lambda done, total: None)
    assert check_proof(proof, archive.genesis, where="proof").record == b"a record of 2026-03-13"

    pack = opened(archive, tmp_path, DAYS[0], DAYS[0])
    verdict = pack.verify()
    assert verdict.status == (0 if ML_DSA_OPENSSL else 2), verdict.out
    counted = dict(re.findall(r"^PASS +(\S+) signatures +(\d+)$", verdict.out, re.MULTILINE))
    documents = len(archive.context().ledger().heads) + 1
    assert {kind: int(number) for kind, number in counted.items()} == {
        "RSA-PSS": documents,
        "ECDSA": 2 * documents,
        "Ed25519": documents,
        **({"ML-DSA": documents} if ML_DSA_OPENSSL else {}),
    }


@pytest.fixture
def local(tmp_path: Path, store: EmbeddedStore) -> Archive:
    """An archive with a local RSA key, and no other."""
    return Archive(tmp_path / "home", store, signing={"post_quantum": False})


@needs_tools
def test_keys_go_from_a_file_to_kms_and_back(
    tmp_path: Path, local: Archive, kms: KeyManagementService
) -> None:
    arn = kms.add_rsa("alias/seal")
    with_signing(local, key_uris=("awskms:alias/seal",))
    rotate_keys(local.context())
    assert scheme_uris(local) == {"rsassa-pss-sha256": f"awskms:{arn}"}
    seal(local, DAYS[0])

    with pytest.raises(ConfigurationError, match="believed already") as caught:
        rotate_keys(local.context())
    assert arn in caught.value.where
    second = kms.add_rsa()
    kms.aliases["alias/seal"] = second
    rotate_keys(local.context())
    assert scheme_uris(local) == {"rsassa-pss-sha256": f"awskms:{second}"}

    with_signing(local, key_uris=())
    rotate_keys(local.context())
    assert scheme_uris(local)["rsassa-pss-sha256"].startswith("file:rsa-")
    seal(local, DAYS[1])
    # Three entries by the first of them, two by the second, and a manifest.
    assert [item["KeyId"] for item in kms.asked("Sign")] == [arn] * 4 + [arn, second, second]
    assert verified(local)
    verdict = opened(local, tmp_path, DAYS[0], DAYS[1]).verify()
    assert verdict.status == 0, verdict.out


def test_a_revoked_local_key_is_replaced_by_the_one_in_vault(
    local: Archive, transit: TransitDouble | OpenBao
) -> None:
    transit.make("replacing", "rsa-2048")
    (key,) = local.context().ledger().keys
    with_signing(
        local, key_uris=("hv:replacing",), vault_url=transit.url, vault_token_file=token_file(local.home)
    )
    with pytest.raises(ConfigurationError, match="no other key"):
        revoke_key(local.context(), key.keyid, reason="a laptop was lost")
    rotate_keys(local.context())
    assert scheme_uris(local) == {"rsassa-pss-sha256": "hv:replacing/1"}
    revoke_key(local.context(), key.keyid, reason="a laptop was lost")
    assert len(local.context().ledger().key_changes) == 2


def token_file(folder: Path) -> Path:
    path = folder / "vault-token"
    path.write_text(TOKEN)
    path.chmod(0o600)
    return path


def test_an_hsm_cannot_take_over_what_the_genesis_does_not_allow(
    local: Archive, soft_token: SoftToken
) -> None:
    """Rotating goes on by a local key: the URI serves another algorithm than any of the archive's."""
    with_signing(local, key_uris=(soft_token.uri("02"),), pkcs11_module=Path(soft_token.module))
    with pytest.raises(ConfigurationError, match="not one of the archive's algorithms"):
        rotate_keys(local.context(), schemes=("ecdsa-sha2-nistp256",))


def test_a_rotation_that_was_killed_goes_on_with_the_key_elsewhere(
    local: Archive, kms: KeyManagementService
) -> None:
    """The index has it, the ledger has not: it is not taken for one that was believed."""
    arn = kms.add_rsa()
    with_signing(local, key_uris=(f"awskms:{arn}",))
    kms.refused = None
    with killed_before_the_put():
        rotate_keys(local.context())
    assert [key.uri for key in held_keys(local.settings)][-1] == f"awskms:{arn}"
    rotate_keys(local.context())
    assert scheme_uris(local) == {"rsassa-pss-sha256": f"awskms:{arn}"}
    assert len(held_keys(local.settings)) == 2


def test_no_genesis_is_locked_that_its_own_key_did_not_sign(
    tmp_path: Path, store: EmbeddedStore, aws: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """moto's KMS signs another digest than the one it is given: as good a broken KMS as any."""
    for name in ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ENDPOINT_URL_KMS", aws)
    made: list[Archive] = []
    monkeypatch.setattr(
        Archive,
        "context",
        lambda self, *clock, plain=Archive.context: made.append(self) or plain(self, *clock),
    )
    from audit_trail.settings import load_settings

    archive = load_settings(archive={"credentials_file": store.credentials_file}).archive
    made_key = open_client(archive, "kms").create_key(KeyUsage="SIGN_VERIFY", KeySpec="RSA_2048")
    arn = made_key["KeyMetadata"]["Arn"]
    with pytest.raises(IntegrityError, match="does not verify"):
        Archive(tmp_path / "home", store, signing={"key_uris": [f"awskms:{arn}"], "post_quantum": False})
    assert made[0].context().store.head(ledger_key(0)) is None


@needs_tools
def test_guide_and_script_of_an_archive_without_rsa(
    tmp_path: Path, store: EmbeddedStore, soft_token: SoftToken
) -> None:
    signing = {
        "key_uris": [soft_token.uri("02")],
        "pkcs11_module": soft_token.module,
        "hsm_pin": soft_token.PIN,
        "post_quantum": False,
    }
    archive = Archive(tmp_path / "home", store, signing=signing)
    pack = guide_works(tmp_path, archive, verified_ok=2)
    pack.signatures(ledger_key(2), forged_signature)
    pack.make_consistent()
    assert pack.verify().failed == {"ECDSA signatures"}
    honest = pack.statement(ledger_key(0))
    for number in (1, 2):
        pack.path(ledger_key(number)).unlink()
    for scheme in ("ecdsa-sha2-nistp384", "ed25519"):
        statement = copy.deepcopy(honest)
        statement["predicate"]["keys"][0] |= {"scheme": scheme, "keytype": scheme.partition("-")[0]}
        statement["predicate"]["policy"]["algorithms"] = [scheme]
        statement["subject"][0]["name"] = f"key:{scheme}"
        pack.sign(ledger_key(0), statement)
        pack.make_consistent()
        verdict = pack.verify(genesis=sha256(pack.path(ledger_key(0)).read_bytes()).hexdigest())
        assert "is not what its id and scheme say" in verdict.out


@needs_tools
def test_guide_and_script_of_an_archive_with_ed25519(
    tmp_path: Path, store: EmbeddedStore, transit: TransitDouble | OpenBao
) -> None:
    transit.make("guide", "ed25519")
    signing = {
        "key_uris": ["hv:guide"],
        "vault_url": transit.url,
        "vault_token": TOKEN,
        "post_quantum": False,
    }
    pack = guide_works(tmp_path, Archive(tmp_path / "home", store, signing=signing), verified_ok=0)
    pack.signatures(ledger_key(2), forged_signature)
    pack.make_consistent()
    assert pack.verify().failed == {"Ed25519 signatures"}


def guide_works(tmp_path: Path, archive: Archive, *, verified_ok: int) -> OpenedPack:
    seal(archive, DAYS[0])
    pack = opened(archive, tmp_path, DAYS[0], DAYS[0])
    guide = (pack.folder / "VERIFY.md").read_text()
    commands = re.findall(r"^```sh\n(.*?)^```$", guide, re.MULTILINE | re.DOTALL)
    done = subprocess.run(
        ["bash", "-c", "set -euo pipefail\n" + "\n".join(commands)],
        cwd=pack.folder,
        env={"PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("Verified OK") == verified_ok
    assert done.stdout.count("Signature Verified Successfully") == 2 - verified_ok
    assert pack.verify().status == 0
    return pack


def forged_signature(envelope: Any) -> Any:
    """The same with one bit of `s` the other way."""
    from audit_trail.evidence.envelope import Envelope, Signature

    (item,) = envelope.signatures
    changed = item.sig[:-1] + bytes([item.sig[-1] ^ 1])
    return Envelope(payload=envelope.payload, signatures=(Signature(keyid=item.keyid, sig=changed),))


def test_the_commands_say_where_a_key_lives(
    tmp_path: Path,
    kms: KeyManagementService,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from audit_trail.cli.command_line import main

    arn = kms.add_rsa("alias/seal")
    monkeypatch.setenv("AUDIT_TRAIL_HOME", str(tmp_path))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AUDIT_TRAIL_SIGNING__KEY_URIS", '["awskms:alias/seal"]')
    assert main(["generate-keys", "--make-passphrase", "--json"]) == 0
    told: Callable[[], Any] = lambda: json.loads(capsys.readouterr().out)  # noqa: E731
    keys = {key["scheme"]: key["uri"] for key in told()["keys"]}
    assert keys["rsassa-pss-sha256"] == f"awskms:{arn}"
    assert keys["ml-dsa-65/1"].startswith("file:")
    assert main(["generate-keys", "--json"]) == 3
