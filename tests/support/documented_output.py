"""Examples of a documentation page: blocks of Python, each followed by a block of text with what it prints."""

import contextlib
import io
import re
import sys
from pathlib import Path

EXAMPLE = re.compile(r"```python\n(.*?)```\n\n```text\n(.*?)```", re.DOTALL)


def examples(page):
    """Code, documented output and real output of each example of a page; all share their variables."""
    shared, found = {}, []
    for code, documented in EXAMPLE.findall(page):
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(code, "page", "exec"), shared)
        found.append((code, documented, printed.getvalue()))
    return found


def regenerated(page):
    """The page with the real output of its examples."""
    outputs = iter([real for _, _, real in examples(page)])
    return EXAMPLE.sub(lambda m: f"```python\n{m[1]}```\n\n```text\n{next(outputs)}```", page)


if __name__ == "__main__":  # python tests/support/documented_output.py docs/methods-paragraph.md
    for name in sys.argv[1:]:
        path = Path(name)
        path.write_text(regenerated(path.read_text(encoding="utf-8")), encoding="utf-8")
