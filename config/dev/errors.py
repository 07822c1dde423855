"""The two ways a development command ends early."""


class Refused(Exception):  # noqa: N818 - a sentence for a person, not a fault of ours
    """One sentence that says what is wrong and what mends it; nothing is left half-started."""


class Stopped(Exception):  # noqa: N818 - Ctrl-C or SIGTERM, not a fault
    """A person or the system asked this command to end."""
