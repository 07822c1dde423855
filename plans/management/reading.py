"""Files that commands are given: text in UTF-8 of a size that can be looked at."""

from pathlib import Path

from plans.errors import DomainError, _

LARGEST = 1024 * 1024  # bytes, as of an upload


class Unreadable(DomainError):  # noqa: N818
    """A file that is not there or may not be read."""

    code = "unreadable_file"
    text = _("%(file)s cannot be read: %(reason)s.")


class NotUtf8(DomainError):  # noqa: N818
    """A file in another encoding, or none."""

    code = "not_utf8"
    text = _("%(file)s is not text in UTF-8: byte %(byte)s (%(value)s). Save it as UTF-8.")


class TooLarge(DomainError):  # noqa: N818
    """A file nobody wrote by hand."""

    code = "file_too_large"
    text = _(
        "%(file)s is larger than %(most)s MB. Give sums instead of single events, or one plan at a time."
    )


def text_of(path: Path, most: int | None = LARGEST) -> str:
    """Return the text of a file; refuses one with more bytes, or with a byte that is no text."""
    try:
        if most is not None and path.stat().st_size > most:
            raise TooLarge(file=str(path), most=most // 1024 // 1024)
        raw = path.read_bytes()
    except OSError as error:
        raise Unreadable(file=str(path), reason=error.strerror or str(error)) from None
    try:
        return raw.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise NotUtf8(file=str(path), byte=error.start + 1, value=f"0x{raw[error.start]:02X}") from None
