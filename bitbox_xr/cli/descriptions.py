"""What `info` says of a file: lines of a name and a text each."""

from collections import Counter

import numpy as np
import xarray as xr

from bitbox_xr.core import validation
from bitbox_xr.core.durations import recording_length, seconds, span
from bitbox_xr.core.variables import SIGNAL, TIME
from bitbox_xr.kernels import frame_rate
from bitbox_xr.preprocessing.regularity import regularity
from bitbox_xr.reporting.methods import steps
from bitbox_xr.reporting.results import WHO, name_of
from bitbox_xr.reporting.wording import option, shown_options, sources

__all__ = ["of_intervals", "of_result", "of_signals"]

MOST_LABELS = 20


def of_signals(x: xr.DataArray) -> dict[str, str]:
    """Lines about a signal set: a name and a text each."""
    axis, missing = frame_rate.seconds(x[TIME])[0], x.isnull()
    other_dims = [dim for dim in x.dims if dim != SIGNAL]
    empty = missing.all(other_dims).values
    constant = (x.max(other_dims) == x.min(other_dims)).values & (len(axis) > 1)
    known = {name: str(x.attrs[name]) for name in ("kind", "units", "backend", "schema", "face_id") if name in x.attrs}
    if known.get("units") == "1":
        del known["units"]  # a number without a unit
    lines = known | {
        "signals": f"{x.sizes[SIGNAL]}: {_shortened(x[SIGNAL].values)}",
        "frames": str(len(axis)),
        "times": span(axis[0], axis[-1]),
        "rate": "unknown (a single frame)",
        "frames of the video": _frame_step(x.attrs.get("frame_step")),
        "time source": str(x.attrs.get("time_source", "")),
    }
    if len(axis) > 1:
        lines |= _describe_times(regularity(x), axis)
    lines |= {
        "missing values": f"{float(missing.mean()):.1%}",
        "constant signals": _shortened(x[SIGNAL].values[constant]),
        "empty signals": _shortened(x[SIGNAL].values[empty]),
    }
    return {name: text for name, text in lines.items() if text}


def _describe_times(report: xr.Dataset, axis: np.ndarray) -> dict[str, str]:
    """Lines about the frame rate, lost frames and gaps."""
    fps, lost = float(report["fps"]), int(report["lost"].sum())
    length = seconds(recording_length(axis, fps))
    if fps > 0:
        state = "regular" if report["regular"] else "with missing rows"
        rate = f"{validation.counted(fps, 'frame')} per second, {state}"
    else:
        rate = f"not regular: {validation.irregularity(axis)}"
    frames = report["gap_frames"].values[report["gap_frames"].values > 0]
    unit = "frame" if len(frames) == 1 and frames[0] == 1 else "frames"
    longest = f"longest {seconds(float(report['longest_gap'].max()))}"
    return {
        "duration": length,
        "rate": rate,
        "lost frames": f"{lost} ({lost / (lost + int(report['frames'].sum())):.1%})",
        "gaps": f"{len(frames)} ({validation.listed(frames)} {unit}; {longest})" if len(frames) else "none",
    }


def _frame_step(step: object) -> str:
    """That a file has not every frame of its video; "" if it has."""
    return "" if step is None else f"one of {step} is in the file, so the rate is that of the video divided by {step}"


def of_intervals(intervals: xr.Dataset) -> dict[str, str]:
    """Lines about an annotation: how many intervals, and their tiers, subjects and labels."""
    ends = np.concatenate([intervals["onset"].values, intervals["offset"].values])
    known = ends[np.isfinite(ends)]
    lines = {
        "kind": f"annotation ({intervals.attrs.get('format', 'table')})",
        "intervals": f"{intervals.sizes['interval']}: {_counted(intervals['type'])}",
        "times": span(known.min(), known.max()) if len(known) else "",
        "tiers": _counted(intervals["tier"]) if "tier" in intervals.variables else "",
        "subjects": _counted(intervals["subject"]) if "subject" in intervals.variables else "",
        "labels": _counted(intervals["label"]),
    }
    return {name: text for name, text in lines.items() if text}


def _counted(labels: xr.DataArray) -> str:
    """Each label with its number; '' if there are no labels."""
    counts = Counter(str(label) for label in labels.values if str(label))
    return validation.listed((f"{label} ({count})" for label, count in counts.items()), MOST_LABELS)


def of_result(result: xr.Dataset) -> dict[str, str]:
    """Lines about a result: what was measured of which files, the options, dimensions, variables and labels."""
    lines = {"result": name_of(result)}
    lines |= {WHO[side]: f"{file}{_origin(result, side)}" for side, file in sources(result.attrs).items()}
    lines |= dict(option(name, value) for name, value in shown_options(result.attrs).items())
    lines.pop("", None)  # attributes that are no options
    version = str(result.attrs.get("bitbox_xr_version", ""))
    lines |= {"Version of bitbox_xr": version} if version else {}
    lines["dimensions"] = ", ".join(f"{dim} {size}" for dim, size in result.sizes.items())
    lines["variables"] = ", ".join(str(name) for name in result.data_vars)
    for dim in ("signal1", "signal2"):
        if dim in result.coords:
            lines[dim] = _shortened(np.atleast_1d(result[dim].values).astype(str))
    return lines


def _origin(result: xr.Dataset, side: str) -> str:
    """The tracker of a recording, and how it was prepared."""
    tracker = str(result.attrs.get(f"backend{side}", ""))
    done = ", then ".join(steps(result.attrs.get(f"history{side}", "[]")))
    return "".join([f" ({tracker})" if tracker else "", f", {done}" if done else ""])


def _shortened(names: np.ndarray) -> str:
    """All names, or the first five and the last one."""
    if len(names) <= 8:
        return ", ".join(names)
    return f"{', '.join(names[:5])}, …, {names[-1]}"
