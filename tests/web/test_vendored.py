"""The library that comes along is the one that its README names."""

from __future__ import annotations

import re
from hashlib import sha256
from pathlib import Path

STATIC = Path(__file__).parents[2] / "plugins" / "audit_trail" / "web" / "static"
VENDOR = STATIC / "vendor"


def test_chart_js_is_the_file_that_was_published() -> None:
    readme = (VENDOR / "README.md").read_text("utf-8")
    noted = re.search(r"SHA-256 \| `([0-9a-f]{64})`", readme)
    version = re.search(r"Version \| ([0-9.]+),", readme)
    data = (VENDOR / "chart.umd.min.js").read_bytes()
    assert noted and version
    assert sha256(data).hexdigest() == noted[1]
    assert f"Chart.js v{version[1]}".encode() in data[:200]


def test_its_licences_come_along() -> None:
    licences = (VENDOR / "LICENSE.md").read_text("utf-8")
    assert "Chart.js Contributors" in licences
    assert "Jukka Kurkela" in licences
    assert licences.count("Permission is hereby granted") == 2


def test_the_page_loads_nothing_from_anywhere_else() -> None:
    for module in STATIC.glob("*.js"):
        text = module.read_text("utf-8")
        assert not re.findall(r"https?://(?!localhost)", text), module.name
        for name in re.findall(r"(?:from|import\() ?\"([^\"]+)\"", text):
            assert (STATIC / name).is_file(), f"{module.name} imports {name}"
        assert not re.findall(r"\beval\(|new Function|innerHTML|dangerouslySetInnerHTML|style=\"", text), (
            module.name
        )
