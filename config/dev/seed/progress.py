"""A progress bar for people, one line a step for log files."""

import sys
import time

WIDTH = 28


class Progress:
    """Shows one step after the other: `step` begins one, `upto` moves its bar, `done` ends it."""

    def __init__(self) -> None:
        self._live = sys.stdout.isatty()
        self._name = ""
        self._began = 0.0
        self._shown = 0.0

    def step(self, name: str) -> None:
        """Begin a step, ending the one before."""
        self.done()
        self._name, self._began, self._shown = name, time.monotonic(), 0.0
        self._write(f"  {name} …")

    def upto(self, part: int, whole: int, note: str = "") -> None:
        """Move the bar; at most ten times a second."""
        now = time.monotonic()
        if not self._live or now - self._shown < 0.1:
            return
        self._shown = now
        full = WIDTH * part // max(whole, 1)
        self._write(f"  {self._name} [{'█' * full}{'·' * (WIDTH - full)}] {part:,}/{whole:,} {note}")

    def done(self, note: str = "") -> None:
        """End the current step with the seconds it took."""
        if self._name:
            text = f"  {self._name}{': ' + note if note else ''} ({time.monotonic() - self._began:.1f} s)"
            sys.stdout.write(f"\r\033[K{text}\n" if self._live else f"{text}\n")
            sys.stdout.flush()
            self._name = ""

    def _write(self, text: str) -> None:
        if self._live:
            sys.stdout.write(f"\r\033[K{text}")
            sys.stdout.flush()
