"""Vendored files are what VENDOR says they are, and nothing else lies beside them."""

import hashlib
from pathlib import Path

VENDOR = Path(__file__).resolve().parent.parent / "static" / "vendor"
LICENCE_TEXTS = {"LICENSE", "NOTICE", "VENDOR"}


def rows() -> list[list[str]]:
    lines = (VENDOR / "VENDOR").read_text(encoding="utf-8").splitlines()
    return [[part.strip() for part in line.split("|")] for line in lines if line and not line.startswith("#")]


def test_every_hash_is_recomputed() -> None:
    for file, _name, _version, _source, _licence, digest in rows():
        assert hashlib.sha256((VENDOR / file).read_bytes()).hexdigest() == digest, file


def test_nothing_is_vendored_without_a_row() -> None:
    files = {p.relative_to(VENDOR).as_posix() for p in VENDOR.rglob("*") if p.is_file()}

    assert {f for f in files if Path(f).name not in LICENCE_TEXTS} == {row[0] for row in rows()}


def test_no_vendored_stylesheet_reaches_out() -> None:
    for sheet in VENDOR.rglob("*.css"):
        text = sheet.read_text(encoding="utf-8")
        assert "@import" not in text
        assert "url(http" not in text
        assert "sourceMappingURL" not in text  # manifest storage would look for the map
