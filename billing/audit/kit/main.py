"""Check one audit kit: python3 verify.py [FOLDER or ZIP]; without a name, the folder of this file."""

import sys
from pathlib import Path

from billing.audit.kit.files import check_files, read_kit
from billing.audit.kit.lines import check_document, check_inputs, check_lines, check_terms
from billing.audit.kit.readings import check_readings
from billing.audit.kit.report import Report


def main(arguments: list[str]) -> int:
    """Run every check; return 0 when all hold, 1 when one does not."""
    kit = read_kit(Path(arguments[0]) if arguments else Path(__file__).resolve().parent)
    report = Report()
    if check_files(kit, report):
        for check in (check_document, check_terms, check_inputs, check_readings, check_lines):
            try:
                check(kit, report)
            except (ArithmeticError, LookupError, TypeError, ValueError) as error:
                report.check(check.__name__.replace("_", " "), False, f"it cannot be carried out: {error!r}")
    return report.finish()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
