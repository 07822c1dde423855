"""The files of a kit: read from a folder or a zip, and compared with the manifest."""

import csv
import io
import json
import zipfile
from pathlib import Path

from billing.audit.kit.amounts import Tree, canonical, digest
from billing.audit.kit.report import Report

MANIFEST = "manifest.json"


class Kit:
    """The files of one audit kit, by name."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = files

    def json(self, name: str) -> Tree:
        """Return a JSON file; numbers with a point stay as they are written."""
        return json.loads(self.files[name], parse_float=str)

    def rows(self, name: str) -> list[dict[str, str]]:
        """Return the rows of a CSV file; none where the kit has no such file."""
        text = self.files.get(name, b"").decode()
        return list(csv.DictReader(io.StringIO(text)))


def read_kit(place: Path) -> Kit:
    """Return the kit in a folder or a zip."""
    if place.is_file():
        with zipfile.ZipFile(place) as packed:
            return Kit({name: packed.read(name) for name in packed.namelist()})
    found = {one.relative_to(place).as_posix(): one.read_bytes() for one in place.rglob("*") if one.is_file()}
    return Kit({name: content for name, content in found.items() if "__pycache__" not in name})


def check_files(kit: Kit, report: Report) -> bool:
    """Compare every file with the manifest, and the manifest with itself."""
    try:
        manifest = kit.json(MANIFEST)
        named, stated = dict(manifest["files"]), manifest.pop("digest")
    except (KeyError, TypeError, ValueError) as error:
        return report.check(MANIFEST, False, f"it cannot be read: {error}")
    holds = report.check(MANIFEST, digest(canonical(manifest)) == stated, "it was altered")
    for name in sorted({*named, *kit.files} - {MANIFEST}):
        content = kit.files.get(name)
        if name not in named:
            report.note(f"{name} is not a file of the kit")
        elif content is None:
            holds = report.check(name, False, "it is missing") and holds
        else:
            same = digest(content) == named[name]
            holds = report.check(name, same, "it is not the file that the manifest names") and holds
    return holds
