"""dev.py itself, which runs before anything is installed."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from config.dev.places import ROOT


@pytest.fixture
def dev(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """dev.py as a module whose .venv is elsewhere."""
    spec = importlib.util.spec_from_file_location("dev_under_test", ROOT / "dev.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    venv = tmp_path / ".venv"
    for name, value in {
        "VENV": venv,
        "PYTHON": venv / "bin" / "python",
        "UNFINISHED": venv / "unfinished",
    }.items():
        monkeypatch.setattr(module, name, value)
    return module


def run(*words: str, **extra: str) -> "subprocess.CompletedProcess[str]":
    words = (sys.executable, str(ROOT / "dev.py"), *words)
    return subprocess.run(words, env={**os.environ, **extra}, capture_output=True, text=True, check=False)


def test_a_stamp_says_what_was_installed(dev: ModuleType, tmp_path: Path) -> None:
    lock = tmp_path / "requirements.txt"
    lock.write_text("a==1\n")
    dev.PYTHON.parent.mkdir(parents=True)
    dev.PYTHON.touch()
    assert not dev.is_installed(lock)

    (dev.VENV / "requirements.txt.sha256").write_text(dev.stamp_of(lock))

    assert dev.is_installed(lock)
    lock.write_text("a==2\n")
    assert not dev.is_installed(lock)


@pytest.mark.slow
def test_a_half_made_venv_is_made_anew(dev: ModuleType, tmp_path: Path) -> None:
    """First one that lacks its pyvenv.cfg (its pip would be the system's), then one whose install broke."""
    dev.PYTHON.parent.mkdir(parents=True)
    dev.PYTHON.symlink_to(sys.executable)
    (dev.VENV / "leftover").touch()

    dev.make_venv()

    assert dev.works("-m", "pip", "--version")
    assert not (dev.VENV / "leftover").exists()
    made = (dev.VENV / "pyvenv.cfg").stat().st_mtime_ns
    dev.make_venv()
    assert (dev.VENV / "pyvenv.cfg").stat().st_mtime_ns == made

    lock = tmp_path / "requirements.txt"
    lock.write_text("no-such-package-of-ratecard==1 --hash=sha256:" + "0" * 64 + "\n--no-index\n")
    with pytest.raises(SystemExit):
        dev.install(lock)
    assert not dev.is_installed(lock)
    assert dev.UNFINISHED.exists()

    dev.make_venv()

    assert not dev.UNFINISHED.exists()


def test_a_missing_venv_module_is_one_sentence(
    dev: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "ensurepip", None)

    with pytest.raises(SystemExit):
        dev.make_venv()

    assert "python3-venv" in capsys.readouterr().err
    assert not dev.VENV.exists()


def test_a_full_disk_is_told_before_anything_is_made(
    dev: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(dev, "MIN_FREE_BYTES", 10**18)

    with pytest.raises(SystemExit):
        dev.make_venv()

    assert "needs 1000 MB" in capsys.readouterr().err
    assert not dev.VENV.exists()


def test_what_is_not_there_yet_says_so() -> None:
    for command in ("bench", "chaos"):
        if not (ROOT / "config" / "dev" / f"{command}.py").exists():
            done = run(command)
            assert (done.returncode, done.stderr) == (2, f"ratecard: {command} comes with a later release.\n")
    assert run("nonsense").returncode == 2
    assert "python3 dev.py COMMAND" in run().stdout


def test_doctor_names_each_fault_with_its_mend() -> None:
    done = run("doctor", STRIPE_API_KEY="sk_live_mine", DATABASE_URL="postgres://a:b@127.0.0.1:1/c")

    assert done.returncode == 1
    assert "a live key is set\n                   → unset STRIPE_API_KEY" in done.stdout
    assert "→ unset DATABASE_URL" in done.stdout
    assert "sk_live_mine" not in done.stdout


def test_doctor_is_content_with_a_machine_that_has_everything() -> None:
    without = {"STRIPE_API_KEY": "", "DATABASE_URL": "", "REDIS_URL": ""}

    done = run("doctor", **without)

    assert done.returncode == 0, done.stdout
    assert "FAIL" not in done.stdout


def test_the_lock_is_whole_without_a_resolver() -> None:
    """Dev.py installs with --no-deps: a package the lock forgot would be missing here."""
    checked = subprocess.run(
        [sys.executable, "-m", "pip", "check"], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout
