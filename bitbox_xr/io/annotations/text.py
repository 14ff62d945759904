"""The text of an annotation file: its encoding, its lines, and times of day."""

import codecs
import re
from pathlib import Path

from bitbox_xr.core.errors import warn
from bitbox_xr.core.memory import refuse_beyond

__all__ = ["clock_seconds", "content", "decoded", "head_text"]

MAX_COPIES = 30  # bytes in memory for each byte of a file: its text, its fields, and the intervals made of them
ENCODINGS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
CLOCK = re.compile(r"(-?)(?:(\d+):)?(\d+):(\d+(?:[.,:]\d+)?)", re.ASCII)


def content(path: Path) -> bytes:
    """The bytes of a file. MemoryError if reading it would need more than the available memory."""
    refuse_beyond(path.name, path.stat().st_size * MAX_COPIES, "split the file into shorter recordings")
    return path.read_bytes()


def decoded(file: str, raw: bytes, *, fallback: str | None = None) -> str:
    r"""The text of a file in UTF-8, or in UTF-16 with a byte order mark, with lines that end in \n.

    ValueError, naming the line, for another encoding. With `fallback`, the text is then read in this encoding, with a
    warning.
    """
    encoding = next((name for mark, name in ENCODINGS.items() if raw.startswith(mark)), "utf-8")
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError as error:
        line = raw[: error.start].replace(b"\r\n", b"\n").replace(b"\r", b"\n").count(b"\n") + 1
        found = f"expected text in UTF-8, got the byte {raw[error.start]:#04x} in line {line}"
        if encoding == "utf-16" or fallback is None or b"\0" in raw:
            raise ValueError(f"{file}: {found}; save the file as UTF-8") from None
        warn(f"{file}: {found}; it is read as {fallback}; save it as UTF-8 if its labels are not correct")
        text = raw.decode(fallback)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        raise ValueError(f"{file}: expected text, got a zero byte in line {line}; save the file as UTF-8")
    if not text.strip():
        raise ValueError(f"{file}: expected annotations, got an empty file")
    return text


def head_text(head: bytes) -> str:
    """The beginning of a file as text, whether or not it is valid."""
    encoding = next((name for mark, name in ENCODINGS.items() if head.startswith(mark)), "utf-8")
    return head.decode(encoding, errors="replace").replace("\r\n", "\n").replace("\r", "\n")


def clock_seconds(text: str) -> float | None:
    """Seconds of a time `[HH:]MM:SS[.mmm]`, with a point, a comma or a colon before the fraction; None for other text.

    >>> clock_seconds("00:01:02.500"), clock_seconds("01:02,5"), clock_seconds("00:00:28:846"), clock_seconds("7")
    (62.5, 62.5, 28.846, None)
    """
    found = CLOCK.fullmatch(text.strip())
    if found is None:
        return None
    sign, hours, minutes, seconds = found.groups()
    whole, _, fraction = re.sub("[,:]", ".", seconds).partition(".")
    if int(whole) >= 60 or (hours is not None and int(minutes) >= 60):
        return None
    # from one decimal number, so that 28.846 is the nearest float
    total = int(hours or 0) * 3600 + int(minutes) * 60 + int(whole)
    return float(f"{sign}{total}.{fraction or 0}")
