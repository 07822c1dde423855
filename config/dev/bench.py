"""`dev.py bench [NAME …] [--json FILE]`: measure ours and the limit in turns; exit 1 on a missed gate."""

import argparse
import json
import os
import sys
from collections.abc import Iterable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from config.dev.errors import Refused, Stopped
from config.dev.places import ROOT
from config.dev.state import hear_signals
from config.dev.testing import environment, on_signal, servers

FOLDER = ROOT / "tests" / "bench"
PREFIX = "bench_"
# Safe as in production (fsync, synchronous_commit), but nothing that starts by itself while timing.
DATABASE = ("autovacuum=off", "shared_buffers=2GB", "max_wal_size=8GB", "checkpoint_timeout=1h")


def names() -> list[str]:
    """Return the benchmarks there are."""
    return sorted(path.stem.removeprefix(PREFIX) for path in FOLDER.glob(f"{PREFIX}*.py"))


def stem_of(name: str) -> str:
    """Return which file measures a name; one may give several entries."""
    stems = [known for known in names() if name == known or name.startswith(f"{known}_")]
    if not stems:
        raise Refused(f"there is no benchmark {name}. Known: {', '.join(names())}.")
    return max(stems, key=len)


def module_of(name: str) -> Any:
    """Import what measures a name; it may need Django."""
    return import_module(f"tests.bench.{PREFIX}{stem_of(name)}")


def measured(wanted: Sequence[str]) -> Iterable[Any]:
    """Yield the entries of the wanted benchmarks, all of them when none is named."""
    modules = {module.__name__: module for module in map(module_of, wanted or names())}
    for module in modules.values():
        for entry in module.run():
            if not wanted or entry.name in wanted or module.__name__.endswith(tuple(wanted)):
                yield entry


def run(wanted: Sequence[str], report: Path | None, *, gated: bool = True) -> int:
    """Measure, print, write the report; return 1 when a gate was missed."""
    import django  # the environment is set by now

    from tests.bench.contract import machine

    django.setup()
    about = machine()
    print(f"{about}, load {os.getloadavg()[0]:.1f}", flush=True)
    entries = []
    for entry in measured(wanted):
        print(entry.line(), flush=True)
        entries.append(entry)
    if report is not None:
        text = json.dumps([entry.said() for entry in entries], indent=2, ensure_ascii=False)
        report.write_text(text + "\n", encoding="utf-8")
    return int(gated and not all(entry.passed for entry in entries))


def main(arguments: Sequence[str]) -> int:
    """Return 0 when every gate holds."""
    parser = argparse.ArgumentParser(prog="dev.py bench")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of: {', '.join(names())}")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the entries there")
    parser.add_argument(
        "--scale", type=float, default=1.0, metavar="X", help="sizes times X, to try things; no gate then"
    )
    found = parser.parse_args(arguments)
    hear_signals(on_signal)
    try:
        for name in found.names:
            stem_of(name)
        with servers(throwaway=False, settings=DATABASE) as ours:
            os.environ.update(environment(ours))
            os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
            os.environ["RATECARD_BENCH_SCALE"] = str(found.scale)
            return run(found.names, found.json, gated=found.scale >= 1)
    except Refused as refusal:
        print(f"ratecard: {refusal}", file=sys.stderr)
        return 2
    except Stopped:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
