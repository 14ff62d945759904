"""Plot of an estimate under every setting of a multiverse: the specification curve.

Simonsohn, Simmons & Nelson (2020), Nature Human Behaviour 4, 1208-1214.
"""

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from bitbox_xr.core.provenance import FIRST_SETTING, MULTIVERSE, PREREGISTERED_SETTING
from bitbox_xr.core.validation import counted, listed
from bitbox_xr.core.variables import COMPARISON, PAIR, SIGNAL1, SIGNAL2
from bitbox_xr.plotting.captions import axis_text, write_title
from bitbox_xr.plotting.clipping import mark_clipped
from bitbox_xr.plotting.fitting import literal
from bitbox_xr.plotting.style import (
    COLUMN_MM,
    LINE_COLOUR,
    MARK_COLOUR,
    MISSING_COLOUR,
    mm,
    points,
    styled,
    write_labels,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

__all__ = ["specification_curve"]

ROW_MM, CURVE_MM, MARGIN_MM = 3.6, 45.0, 14.0  # of a setting in the lower panel; of the upper panel; of labels
MAX_SETTINGS_FOR_LARGE_MARKS = 60
INTERVAL = ("ci_low", "ci_high")
SETTING_KINDS = {PREREGISTERED_SETTING: "preregistered", FIRST_SETTING: "first setting"}  # by attribute of a cohort


@styled
def specification_curve(
    result: xr.Dataset,
    variable: str | None = None,
    *,
    preregistered: Mapping[str, object] | None = None,
    vmin: float | None = None,
    vmax: float | None = None,
    fig: "Figure | SubFigure | None" = None,
) -> "Figure | SubFigure":
    """Plot an estimate under every setting, from the smallest to the largest, and below it which settings they are.

    Parameters
    ----------
    result
        Result of `contrast` on summaries of `multiverse`, or of `multiverse` itself, reduced to one cell: choose a pair
        with ``.sel()``. Its dimensions are the options.
    variable
        The variable to plot. Default: "estimate", with its confidence interval.
    preregistered
        The label of each option in the setting that was chosen beforehand, `{"width": 2.0, "max_lag": 1.0}`. It is
        marked in red. Default: that of the cohort's TOML file, if the result is of a cohort (without such a file, the
        first setting is marked).
    vmin, vmax
        Limits of the variable. Default: as the data need.
    fig
        Matplotlib figure to draw on. Default: a new one.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        If there is no such variable or setting, or dimensions remain that are not options.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> import bitbox_xr as bx
    >>> from bitbox_xr.demo import make_pair
    >>> child, model, _ = make_pair(minutes=0.5)
    >>> found = bx.multiverse("imitation", child, model, width=[1.0, 2.0], max_lag=[0.5, 1.0])
    >>> smile, chosen = found.sel(signal1="AU12", signal2="AU12"), {"width": 2.0, "max_lag": 1.0}
    >>> fig = specification_curve(smile, "corr_mean", preregistered=chosen, fig=Figure(layout="constrained"))
    >>> [label.get_text() for label in fig.axes[1].get_yticklabels()]
    ['width 1', 'width 2', 'max_lag 0.5', 'max_lag 1']
    """
    name = variable or "estimate"
    options = _options(result, name)
    table = result[[name, *(one for one in INTERVAL if name == "estimate" and one in result)]]
    table = table.reset_coords(drop=True).stack(setting=options, create_index=False).dropna("setting", subset=[name])
    if not table.sizes["setting"]:
        raise ValueError(f"expected a setting with a value of {name}, got only missing ones")
    table = table.sortby(name)
    labels = {option: [_text(value) for value in result[option].values] for option in options}
    places = {option: _places(table[option].values, result[option].values) for option in options}
    kind, chosen = ("preregistered", preregistered) if preregistered is not None else _of_cohort(result, options)
    marked = _marked(chosen, labels, places)
    if fig is None:
        rows = sum(map(len, labels.values()))
        fig = mm(COLUMN_MM[2], CURVE_MM + ROW_MM * rows + MARGIN_MM)
    top, below = fig.subplots(2, 1, sharex=True, height_ratios=(CURVE_MM, ROW_MM * sum(map(len, labels.values()))))
    what = _described(result, name)
    title = _draw_curve(top, table, name, marked, kind)
    top.set_ylim(vmin, vmax)
    mark_clipped(top)
    top.set_ylabel(literal(what))
    _draw_settings(below, labels, places, marked)
    below.set_xlabel(literal(f"settings, by {what}"))
    write_title(fig, _subject(result, what), title)
    return fig


def _subject(result: xr.Dataset, what: str) -> str:
    """The measure and the variable, and the labels that were selected."""
    measure = str(result.attrs.get("measure", ""))
    chosen = [str(result[name].item()) for name in (PAIR, SIGNAL1, SIGNAL2) if name in result.coords]
    text = what if measure in ("", "contrast") else f"{measure.capitalize()}: {what}"
    return ", ".join(filter(None, [text[:1].upper() + text[1:], " and ".join(dict.fromkeys(chosen))]))


def _described(result: xr.Dataset, name: str) -> str:
    """What is plotted: the variable, or for a contrast what is compared in which variable."""
    if name == "estimate" and "variable" in result.attrs and COMPARISON in result.coords:
        return f"{result[COMPARISON].item()} of {result.attrs['variable']}"
    return axis_text(result[name])


def _options(result: xr.Dataset, name: str) -> list[str]:
    """The dimensions of the variable, all of which must be options."""
    if name not in result.data_vars:
        raise ValueError(f"expected the variable {name}, got {listed(result.data_vars) or 'none'}; pass its name")
    dims = [str(dim) for dim in result[name].dims]
    known = str(result.attrs.get(MULTIVERSE, "")).split()
    further = [dim for dim in dims if dim not in known]
    if not known or not dims:
        raise ValueError(
            "expected a result of multiverse(), or of contrast() on its summaries, got one without options"
        )
    if further:
        raise ValueError(
            f"expected {name} along its options ({listed(known)}) only, got also {listed(further)}; choose one label "
            f"of each, for example .isel({further[0]}=0)"
        )
    return dims


def _text(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float | np.floating) else str(value)


def _places(values: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """For each value, its place among the labels."""
    order = {label: k for k, label in enumerate(labels.tolist())}
    return np.array([order[value] for value in values.tolist()])


def _marked(
    chosen: Mapping[str, object] | None, labels: Mapping[str, list[str]], places: Mapping[str, np.ndarray]
) -> int | None:
    """The place of the preregistered setting in the curve."""
    if chosen is None:
        return None
    lacking = [option for option in labels if option not in chosen]
    if lacking or len(chosen) > len(labels):
        raise ValueError(f"expected preregistered to have a label of {listed(labels)}, got {listed(chosen) or 'none'}")
    here = np.ones(len(next(iter(places.values()))), bool)
    for option, value in chosen.items():
        text = "default" if value is None else " ".join(map(_text, value)) if isinstance(value, tuple) else _text(value)
        text = text if text in labels[option] else _text(float(value)) if isinstance(value, int | float) else text
        if text not in labels[option]:
            raise ValueError(f"expected a preregistered label of {option} ({listed(labels[option])}), got {value!r}")
        here &= places[option] == labels[option].index(text)
    if not here.any():
        raise ValueError("expected a preregistered setting with a value, got a missing one")
    return int(np.argmax(here))


def _of_cohort(result: xr.Dataset, options: Sequence[str]) -> tuple[str, Mapping[str, object] | None]:
    """What a cohort says of its main setting, and the labels of this setting; None if it is not in the result."""
    kind = next((name for name in SETTING_KINDS if name in result.attrs), None)
    if kind is None:
        return "", None
    labels: dict[str, str] = json.loads(result.attrs[kind])
    chosen = [name for name in labels if name in result.coords and name not in options]
    if any(_text(result[name].item()) != labels[name] for name in chosen):
        return "", None
    return SETTING_KINDS[kind], {name: labels[name] for name in options if name in labels} or None


def _draw_curve(ax: "Axes", table: xr.Dataset, name: str, marked: int | None, kind: str) -> list[str]:
    """Draw the estimates; return what the title says of them."""
    values, at = table[name].values, np.arange(table.sizes["setting"])
    title = [counted(len(at), "setting")]
    if all(one in table for one in INTERVAL):
        low, high = (table[one].values for one in INTERVAL)
        ax.vlines(at, low, high, color="0.72", linewidth=min(4.0, 160 / len(at)))
        apart = (low > 0) | (high < 0)
        title.append(f"in {apart.sum()} of them the 95 % interval excludes 0")
        if marked is not None:
            ax.vlines(marked, low[marked], high[marked], color=MARK_COLOUR, linewidth=1.5)
    size = 4 if len(at) <= MAX_SETTINGS_FOR_LARGE_MARKS else 2
    ax.plot(at, values, "o", color=LINE_COLOUR, markersize=size, zorder=3)
    if marked is not None:
        label = f"{kind}: {values[marked]:.3g}"
        ax.plot(marked, values[marked], "D", color=MARK_COLOUR, markersize=6, zorder=4, label=label)
        ax.legend(loc="upper left")
    if values.min() < 0 or all(one in table for one in INTERVAL):
        ax.axhline(0, color="0.4", linewidth=0.8, zorder=1)
    ax.set_xlim(-0.7, len(at) - 0.3)
    return title


def _draw_settings(
    ax: "Axes", labels: Mapping[str, list[str]], places: Mapping[str, np.ndarray], marked: int | None
) -> None:
    """Draw a row for each label of each option, with a mark under each setting that has it."""
    texts = [f"{option} {label}" for option, own in labels.items() for label in own]
    first = 0
    size = 4 if len(next(iter(places.values()))) <= MAX_SETTINGS_FOR_LARGE_MARKS else 1.5
    for k, (option, own) in enumerate(labels.items()):
        rows = first + places[option]
        ax.plot(np.arange(len(rows)), rows, "|" if size < 2 else "s", color=LINE_COLOUR, markersize=size)
        if marked is not None:
            ax.plot(marked, rows[marked], "D", color=MARK_COLOUR, markersize=5, zorder=4)
        if k % 2:
            ax.axhspan(first - 0.5, first + len(own) - 0.5, color=MISSING_COLOUR, alpha=0.4, linewidth=0, zorder=0)
        first += len(own)
    write_labels(ax.yaxis, texts, points(ax)[1] / len(texts))
    ax.set_ylim(first - 0.5, -0.5)
    ax.set_xticks([])
    for side in ("top", "right", "bottom"):
        ax.spines[side].set_visible(False)
