"""Attacks of an administrator with every right that S3 knows, on an archive under lock."""

from __future__ import annotations

from audit_trail.demo.attacks.scene import Scene
from audit_trail.errors import IntegrityError
from audit_trail.verification.verifier import Report


def delete_marker(scene: Scene) -> Report:
    """A segment is deleted without naming its version."""
    archive = scene.fresh(days=4)
    archive.delete(archive.view.seals[0].objects[0].key)
    return archive.verify()


def new_version_on_top(scene: Scene) -> Report:
    """Another story as a newer version of a segment."""
    archive = scene.fresh(days=4)
    archive.put_over(archive.view.seals[0].objects[0].key, b"another story")
    return archive.verify()


def unsealed_object(scene: Scene) -> Report:
    """An object that looks like a segment, and that no entry names."""
    archive = scene.fresh(days=4)
    key = f"logs/source=app/date={scene.days[0]}/part-00007-0123456789abcdef.log.zst"
    archive.put_over(key, b"planted")
    return archive.verify()


def delete_and_unlock(scene: Scene) -> Report:
    """Every sealed version is to be deleted, or its lock shortened; the store has to refuse all of it.

    Raises:
        IntegrityError: It did: COMPLIANCE knows no administrator.
    """
    from botocore.exceptions import ClientError

    archive = scene.fresh()
    refused = 0
    for version in list(archive.store.list_versions("")):
        where = {"Bucket": archive.bucket, "Key": archive.full_key(version.key)}
        where["VersionId"] = version.version_id
        try:
            archive.client.delete_object(**where, BypassGovernanceRetention=True)  # type: ignore[arg-type]
        except ClientError:
            refused += 1
    report = archive.verify()
    if refused and "object.present" not in {check.name for check in report.checks.not_passed}:
        raise IntegrityError("the store refused", found=f"{refused} of {refused} deletions refused")
    return report
