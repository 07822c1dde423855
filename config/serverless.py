"""Commands that read files and nothing else: no database, no broker, no secret, no running copy."""

COMMANDS = frozenset({"rate", "check_oracles", "charge_reference"})
