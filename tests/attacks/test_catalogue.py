"""Every known attack, played on a real store, is found by the check that has to find it."""

from __future__ import annotations

import pytest

from audit_trail.demo.attacks.catalogue import ATTACKS, CONTROL, play
from audit_trail.demo.attacks.scene import Scene
from audit_trail.demo.embedded_store import EmbeddedStore


@pytest.fixture(scope="module")
def scene(store: EmbeddedStore, tmp_path_factory: pytest.TempPathFactory) -> Scene:
    return Scene(folder=tmp_path_factory.mktemp("scene"), store=store)


@pytest.mark.parametrize("name", [name for name in ATTACKS if name != CONTROL])
def test_is_found(scene: Scene, name: str) -> None:
    played = play(ATTACKS[name], scene)
    assert played.as_expected, (played.failed, played.says)


def test_the_control_raises_no_alarm(scene: Scene) -> None:
    played = play(ATTACKS[CONTROL], scene)
    assert played.as_expected, (played.failed, played.says)
    assert not scene.honest.verify().exit_code


def test_every_attack_says_what_it_does() -> None:
    assert all(
        attack.does.endswith(".") and attack.found_by for attack in ATTACKS.values() if attack.name != CONTROL
    )
