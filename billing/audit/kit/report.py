"""What was checked, one line each, and whether all of it held."""

import sys


class Report:
    """Writes a line for each check; any that fails makes the whole fail."""

    def __init__(self) -> None:
        self.failed = 0
        self.passed = 0

    def check(self, name: str, holds: bool, wrong: str = "") -> bool:
        """Write one check; `wrong` says what is different where it does not hold."""
        if holds:
            self.passed += 1
        else:
            self.failed += 1
        said = f"ok    {name}" if holds else f"FAIL  {name}: {wrong or 'it differs'}"
        sys.stdout.write(said + "\n")
        return holds

    def note(self, said: str) -> None:
        """Write what is not a check."""
        sys.stdout.write(f"      {said}\n")

    def finish(self) -> int:
        """Write the verdict and return the exit code."""
        if self.failed:
            sys.stdout.write(f"\n{self.failed} of {self.failed + self.passed} checks FAILED / 校验未通过\n")
            return 1
        sys.stdout.write(f"\nAll {self.passed} checks hold / 全部校验通过\n")
        return 0
