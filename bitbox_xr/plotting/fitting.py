"""Text that fits into a figure: lines are wrapped, and long names shortened in their middle, by measured width."""

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure
    from matplotlib.text import Text

__all__ = [
    "POINTS_PER_INCH",
    "fit_labels",
    "fitted",
    "fitted_lines",
    "fitted_names",
    "literal",
    "settled",
    "shortened",
    "space_of",
    "text_width",
    "unbroken",
]

POINTS_PER_INCH = 72
HINTING = 1.05  # renderers round the widths of characters up to pixels, at most to this ratio
MIN_WORD, MIN_TEXT = 12, 4  # characters of a shortened word, and of a shortened text
MIN_WORD_OF_ONE_LINE = 24  # characters of a shortened word where text may have a further line
GAP_PT = 2.0  # between the labels of adjacent axes
VERTICAL = 90.0  # degrees


def literal(text: str) -> str:
    """`text`, escaped so that Matplotlib draws exactly these characters, whatever is between its dollar signs.

    Names of signals, recordings and files are not formulas. The text itself is escaped, because Matplotlib creates
    further artists for ticks and legends, also long after a plot is drawn.
    """
    # with formulas switched off, artists would show the backslash
    return text.replace("$", r"\$") if _has_formulas() else text


def _plain(text: str) -> str:
    """The text that `literal` escaped."""
    return text.replace(r"\$", "$") if _has_formulas() else text


def _has_formulas() -> bool:
    import matplotlib

    return bool(matplotlib.rcParams["text.parse_math"])


def text_width(text: str, size: float) -> float:
    """Width of a line of text of font size `size`, in points."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    return HINTING * float(text_to_path.get_text_width_height_descent(text, FontProperties(size=size), ismath=False)[0])


def shortened(name: str, most: int) -> str:
    """The beginning and the end of a long name, at most `most` characters in all.

    >>> shortened("dyad07_child_camera_front", 12)
    'dyad0…_front'
    """
    return name if len(name) <= most else f"{name[: (most - 1) // 2]}…{name[-(most // 2) :]}"


def fitted(text: str, width: float, size: float, *, lines: int = 1) -> str:
    """Text in at most `width` points: its longest words are shortened; if that is not enough, the text.

    With `lines`, text whose words would be too short in one line has up to this number of lines.

    >>> text_width(fitted("Imitation of mother by " + "child_" * 9, 150, 7), 7) <= 150
    True
    """
    if text_width(text, size) <= width:
        return text
    parts = re.split("( +)", text)  # names contain no-break spaces

    def by_words(most: int) -> str:
        return "".join(shortened(part, most) for part in parts)

    for number in range(1, lines + 1):
        least = MIN_WORD if number == lines else MIN_WORD_OF_ONE_LINE
        if found := _longest(lambda most: _wrapped(by_words(most), width, size), least, len(text), number, width, size):
            return found
    return _longest(lambda most: [shortened(text, most)], MIN_TEXT, len(text), 1, width, size) or "…"


def _longest(of: Callable[[int], list[str]], low: int, high: int, number: int, width: float, size: float) -> str:
    """The lines `of` the largest number of characters, from `low` to `high`, that fit; "" if none do."""
    found = ""
    while low <= high:
        middle = (low + high) // 2
        lines = of(middle)
        if len(lines) <= number and all(text_width(line, size) <= width for line in lines):
            found, low = "\n".join(lines), middle + 1
        else:
            high = middle - 1
    return found


def _wrapped(text: str, width: float, size: float) -> list[str]:
    """Text in lines that are broken between words; a line of one word may be too long."""
    lines, line = [], ""
    for word in text.split(" "):  # not at no-break spaces
        longer = f"{line} {word}" if line else word
        if line and text_width(longer, size) > width:
            lines.append(line)
            longer = word
        line = longer
    return [*lines, line]


def unbroken(name: str) -> str:
    """A name as one word: it is shortened in its own middle, and no line ends in it."""
    return name.replace(" ", "\N{NO-BREAK SPACE}")


def fitted_lines(text: str, width: float, size: float) -> str:
    """Text in lines of at most `width` points, broken between words; words that are too long are shortened."""
    lines = [line for paragraph in text.split("\n") for line in _wrapped(paragraph, width, size)]
    return "\n".join(fitted(line, width, size) for line in lines)


def fitted_names(names: Sequence[str], width: float, size: float) -> list[str]:
    """Names in at most `width` points, each different from the others: equal ones get a number.

    >>> names = fitted_names(["smile_" * 9 + "left_side", "smile_" * 8 + "left_side"], 80, 7)
    >>> [name[-4:] for name in names]
    [' (1)', ' (2)']
    """
    short = [fitted(name, width, size) for name in names]
    if len(set(short)) == len(set(names)):
        return short
    seen: dict[str, int] = {}
    out = []
    for name, text in zip(names, short, strict=True):
        if short.count(text) == 1:
            out.append(text)
            continue
        seen[text] = seen.get(text, 0) + 1
        number = f" ({seen[text]})"
        out.append(fitted(name, width - text_width(number, size), size) + number)
    return out


# --- labels of axes


def settled(where: "Axes | Figure | SubFigure") -> None:
    """Place the axes of a figure as its layout will, for what is drawn so far."""
    root: Any = where.get_figure(root=True) if where.get_figure(root=True) is not None else where
    if (engine := root.get_layout_engine()) is not None:
        engine.execute(root)


def space_of(ax: "Axes", *, vertical: bool) -> tuple[float, float, float]:
    """Where the text of axes may begin and end, and where the axes' middle is, in points along one direction.

    At the edges of a grid of axes, text may reach the edge of the figure; else it ends where its axes do.
    """
    side = int(vertical)
    scale = POINTS_PER_INCH / ax.figure.dpi
    figure: Any = ax.get_figure(root=False)
    own, all_ = (box.get_points()[:, side] * scale for box in (ax.get_window_extent(), figure.bbox))
    first = last = False
    if (spec := ax.get_subplotspec()) is not None:
        rows, columns, *_ = spec.get_geometry()
        span, number = (spec.rowspan, rows) if vertical else (spec.colspan, columns)
        first, last = span.start == 0, span.stop == number
        first, last = (last, first) if vertical else (first, last)  # the first row is at the top
    return (
        float(all_[0] if first else own[0] - GAP_PT),
        float(all_[1] if last else own[1] + GAP_PT),
        float(own.mean()),
    )


def fit_labels(where: "Axes | Figure | SubFigure", all_axes: "Sequence[Axes]") -> None:
    """Wrap and shorten the labels of settled axes, so that they end before the edge of the figure or the next label."""
    beside = {shown.colorbar.ax: ax for ax in all_axes for shown in (*ax.images, *ax.collections) if shown.colorbar}
    longer = [_fit(ax.xaxis.label, ax, ax, vertical=False) for ax in all_axes]
    if any(longer):
        settled(where)  # further lines have made the axes lower
    upright = [ax for ax in all_axes if ax.yaxis.label.get_rotation() == VERTICAL]
    longer = [_fit(ax.yaxis.label, ax, beside.get(ax, ax), vertical=True) for ax in upright]
    if any(longer):
        settled(where)


def _fit(label: "Text", ax: "Axes", owner: "Axes", *, vertical: bool) -> bool:
    """Fit a label; return whether it has more lines now.

    A colour bar has the space of the axes that it belongs to, but not that of the title above them.
    """
    low, high, _ = space_of(owner, vertical=vertical)
    middle = space_of(ax, vertical=vertical)[2]
    if owner is not ax and vertical:
        high = min(high, float(owner.get_window_extent().y1) * POINTS_PER_INCH / owner.figure.dpi + GAP_PT)
    text, size = _plain(label.get_text()), label.get_fontproperties().get_size_in_points()
    lines = fitted_lines(text, 2 * min(middle - low, high - middle) - GAP_PT, size)
    label.set_text(literal(lines))
    return lines.count("\n") > text.count("\n")
