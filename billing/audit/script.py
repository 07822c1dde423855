"""The one `verify.py` of a kit, joined from the small modules of `billing/audit/kit`.

A customer runs one file without packages; we keep parts that a person can read and test alone. Joining drops
the imports between the parts and nothing else.
"""

import ast
from collections.abc import Sequence
from functools import cache
from pathlib import Path

PARTS = (
    "amounts", "timing", "terms", "tariffs", "pools", "meters", "grammar", "bills", "report", "files",
    "events", "readings", "lines", "main",
)  # fmt: skip
HOME = "billing.audit.kit"
HEAD = '''#!/usr/bin/env python3
"""Recompute one Ratecard invoice without trusting Ratecard. / 无需信任 Ratecard 即可重算一份账单。

    python3 -I verify.py            checks the folder this file is in / 校验本文件所在目录
    python3 -I verify.py KIT.zip    checks a zip / 校验压缩包

Standard library only, Python 3.11 or later, no network. It rates the lines from terms and readings by itself,
compares to the smallest unit, and checks hashes, readings, cells and events. One line per check; exit code 0
only when all hold.
"""
'''


@cache
def verify_script() -> bytes:
    """Return the file's bytes; the same parts give the same bytes."""
    trees = [(name, ast.parse(_source(name))) for name in PARTS]
    _refuse_twins(trees)
    bodies = "\n\n\n".join(_body(name, tree) for name, tree in trees)
    return "\n".join([HEAD, *_imports(trees), "", "", bodies, ""]).encode()


def _source(name: str) -> str:
    return (Path(__file__).with_name("kit") / f"{name}.py").read_text(encoding="utf-8")


def _imports(trees: Sequence[tuple[str, ast.Module]]) -> list[str]:
    """Return the imports of the standard library, each module once."""
    plain: set[str] = set()
    names: dict[str, set[str]] = {}
    for _name, tree in trees:
        for node in tree.body:
            if isinstance(node, ast.Import):
                plain |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not (node.module or "").startswith(HOME):
                names.setdefault(node.module or "", set()).update(alias.name for alias in node.names)
    found = [f"from {module} import {', '.join(sorted(taken))}" for module, taken in sorted(names.items())]
    return [*(f"import {module}" for module in sorted(plain)), *found]


def _body(name: str, tree: ast.Module) -> str:
    """Return a part without its docstring and imports, under its title."""
    lines = _source(name).splitlines()
    dropped: set[int] = set()
    for node in tree.body:
        is_docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if is_docstring or isinstance(node, ast.Import | ast.ImportFrom):
            dropped |= set(range(node.lineno - 1, node.end_lineno or node.lineno))
    title = (ast.get_docstring(tree) or name).splitlines()[0]
    body = "\n".join(line for index, line in enumerate(lines) if index not in dropped)
    return f"# {name}: {title}\n\n" + body.strip("\n")


def _refuse_twins(trees: Sequence[tuple[str, ast.Module]]) -> None:
    """Two parts must not define one name: in one file the second would replace the first."""
    seen: dict[str, str] = {}
    for name, tree in trees:
        for node in tree.body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                if node.name in seen:
                    raise ValueError(f"{node.name} stands in {seen[node.name]} and in {name}")
                seen[node.name] = name
