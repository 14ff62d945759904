"""Significance tests of imitation and coordination against surrogates.

The measure is computed on surrogates of y in the same way as on y, including the choice of the best lag and the rules
for missing frames (Moulder, Boker, Ramseyer & Tschacher 2018, Psychological Methods 23, 757-773; Nichols & Holmes 2002,
Human Brain Mapping 15, 1-25).
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any, cast

import numpy as np
import xarray as xr

from bitbox_xr.core.errors import refuse, warn
from bitbox_xr.core.types import Array, Attrs, MeasureOfTwo, PairsOf, SignalsLike, Statistic, Surrogates
from bitbox_xr.core.validation import flag_faults, name_faults
from bitbox_xr.core.variables import PAIR, RESERVED, SIGNAL, SIGNAL1, SIGNAL2, variable_attrs
from bitbox_xr.inference.parts import notes
from bitbox_xr.inference.strengths import Statistics, compared
from bitbox_xr.inference.surrogate_checks import option_faults, partner_faults
from bitbox_xr.inference.surrogate_numbers import ALPHA
from bitbox_xr.inference.surrogates import draw, draw_attrs
from bitbox_xr.measures.constant_signals import note_constant_signals
from bitbox_xr.measures.results import matched
from bitbox_xr.measures.windowing import Options, Pair, checked_pair

__all__ = ["VARIABLES", "significance", "statistic_faults"]

VARIABLES = RESERVED["significance"]
STATISTICS = ("corr_abs_mean", "corr_mean")
MAX_RELATED_SHARE = 0.25  # of pairs with related activity: more suggest a common schedule


def significance(
    x: SignalsLike,
    y: SignalsLike | None = None,
    *,
    measure: MeasureOfTwo = "imitation",
    statistic: Statistic | None = None,
    surrogates: Surrogates = "shift",
    n: int = 199,
    rng: int | np.random.Generator | None = None,
    pairs: PairsOf = "all",
    partners: Sequence[SignalsLike] | None = None,
    by: str | None = None,
    progress: bool | None = None,
    width: float = 0.5,
    step: float | None = None,
    max_lag: float | None = None,
    causal: bool = True,
    polarity: bool = True,
    min_valid: float = 0.75,
    fps: float | None = None,
) -> xr.Dataset:
    """Test the imitation or coordination of every pair of signals against surrogates.

    For faces choose `width=2, step=1, max_lag=1` (s): a window must hold a whole expression, and mimicry takes about
    0.3 to 1 s, while the default largest lag is 0.1 s at 30 frames per second. The defaults are Bitbox's.

    The statistic of a pair is its mean correlation over windows. It is computed for x and y, and in the same way for x
    and surrogates of y: signals that resemble y but are unrelated to x. p is the probability of a statistic at least as
    large if x and y are independent.

    Parameters
    ----------
    x, y
        As for `imitation`. For coordination y may be omitted; the pairs are then those of different signals of x.
    measure
        "imitation" or "coordination".
    statistic
        "corr_abs_mean": the mean absolute correlation over windows, tested one-sided. "corr_mean": the mean
        correlation, tested two-sided. Default: "corr_abs_mean", or "corr_mean" with `polarity=False`. With
        `polarity=False`, "corr_mean" is always tested one-sided.
    surrogates
        How surrogates of y are made. Each surrogate is used for all pairs.

        "shift": y is shifted circularly in time, together with its gaps; the gaps of the original y apply too. Shifts
        are multiples of D, the smallest multiple of the step that is at least a window and at least twice the largest
        lag. A recording of m · D s has m − 1 of them. With `by`, each interval is shifted within itself, by its own
        shift. The test requires that both signals behave alike throughout the recording or interval.

        "permute": needs `by`, and at least six intervals of one label whose lengths differ by at most 10 %. The
        intervals of y are exchanged, and windows are paired from their starts. It removes what happens at the same time
        in every interval.

        "segments": the windows of x and y are paired at random, with their gaps; with `by`, within each interval, where
        one window on average stays in its place. It needs windows that share no frames (`step` of at least `width` +
        2 · `max_lag`); otherwise unrelated pairs are significant too often.

        "phase": the Fourier phases of y are replaced by random ones, the same for all signals; with `by`, in each
        interval. Gaps are interpolated for this and restored afterwards. It is for signals with normally distributed
        values: surrogates of signals that move in bursts have no rests, and the test then has little power.

        "partners": the signals of other recordings, passed as `partners`, replace y; with `by`, their intervals of the
        same label in order. This removes what the situation evokes in everybody. It cannot be used if everybody saw
        the same model.
    n
        Largest number of surrogates. If fewer are possible, all are used, and the attribute `n_asked` holds n.
        Otherwise n different random ones are used.
    rng
        A seed, or a Generator from which the seed is drawn. Default: a random seed. The seed is stored as text in the
        attribute `seed`; `rng=int(result.attrs["seed"])` repeats the test.
    pairs
        "all" pairs, or "matched": only pairs of the same signal in both people (dimension `pair`), a much smaller
        family of tests. It also takes less time: less than a tenth for 79 signals.
    partners
        Signals like y, with the frame times of x. If one is shorter, its last frames count as missing.
    by
        Name of a coordinate along time with the labels of intervals (see `annotate`). Each label is tested by itself.
    progress
        None: show a progress bar on terminals and in notebooks if the test takes longer than two seconds. True: show it
        everywhere. False: never show it.
    width, step, max_lag, causal, polarity, min_valid, fps
        As for `imitation` and `coordination` (which does not use `causal`).

    Returns
    -------
    Dataset
        `(…, signal1, signal2)` or `(…, pair)`, float64; with `by`, its labels are a dimension before the pairs:

        - `observed`: statistic of x and y
        - `null_mean`, `null_std`: mean and standard deviation of the statistic over surrogates
        - `excess`: observed − null_mean, for comparisons of recordings
        - `surrogate_z`: excess / null_std. It grows with the length of the recording and is no effect size.
        - `p`: (b + 1) / (number of surrogates + 1), where b is the number of surrogates that are at least as strong
        - `p_fwe`: p-value corrected for the family of all pairs. It is the probability, under independence, that any
          pair is as strong (family-wise error), from the strongest standardised statistic of each surrogate.
        - `q`: p-value corrected for the false discovery rate (Benjamini & Hochberg)
        - `p_min`: smallest possible p, 1 / (number of surrogates + 1)
        - `activity_corr`: Spearman's correlation, over windows, of the variances that the two signals have within the
          window; `activity_p`: its p-value by the same surrogates, one-sided. If people are active at the same times
          because they follow one schedule, unrelated pairs are significant too often. Mimicry has this effect as well.

        NaN where nothing can be tested. Each label and each recording is a separate family for p_fwe and q. The
        attribute `n` is the number of surrogates (with `by`, the largest; `n_by_label` has all, as JSON). The result is
        lazy if x or y is a dask array; each task then computes some surrogates of a whole recording.

    Raises
    ------
    ValueError
        As for the measure; if the recording, or every interval, is shorter than three shifts (3 · D) or otherwise does
        not allow this kind of surrogate; or if an option is out of range.

    Warns
    -----
    UserWarning
        If p_min > .05 (with the length that p ≤ .05 needs); if intervals take no part, for example because they are
        shorter than 3 · D; if `segments` has windows that share frames; and, when the result is computed, if more than
        a quarter of the pairs have activity_p ≤ .05.

    Notes
    -----
    If gaps leave the windows of a surrogate with fewer frames than those of the observed signals, the mean of the
    surrogate varies more. Its deviation from the null mean is therefore multiplied by √(frames in its windows / frames
    in the observed windows), in null_std and in all p-values. A surrogate in which a pair has no window counts as
    stronger than the observed one. Values within 1e-6 standard deviations are ties, and also count as stronger.

    With `by`, surrogates that are put together from several intervals have some of these in common, but none with the
    observed signals, if every interval is moved. p-values from them would be too small. For "shift" and "permute",
    p-values are therefore from as many further surrogates, in which some intervals, but not all, may stay in place.
    Estimates are from surrogates in which none does.

    Nearer shifts than D would be near copies of each other, but not of the observed pairing, which would then count as
    one of many although it is one of few.

    p: Phipson & Smyth (2010), Statistical Applications in Genetics and Molecular Biology 9, 39. p_fwe: Nichols &
    Holmes (2002). Phases: Prichard & Theiler (1994), Physical Review Letters 73, 951-954.

    Examples
    --------
    AU12 of x follows AU12 of y by five frames:

    >>> from bitbox_xr import signals
    >>> rng = np.random.default_rng(0)
    >>> names = ["AU04", "AU06", "AU12"]
    >>> x, y = (signals(rng.normal(size=(3600, 3)), fps=30, names=names) for _ in "xy")
    >>> x[5:, 2] += y.values[:-5, 2]
    >>> found = significance(x, y, width=2, step=1, max_lag=1)
    >>> found.p_fwe.round(3).values
    array([[1.   , 1.   , 0.983],
           [1.   , 1.   , 0.517],
           [1.   , 0.95 , 0.017]])
    >>> found.excess.sel(signal1="AU12", signal2="AU12").round(2).item(), found.attrs["n"]
    (0.41, 59)
    """
    options = Options(width, step, max_lag, polarity, min_valid, causal)
    pair = checked_pair(measure, x, y, options, fps, by, subject="significance")
    of_draws = option_faults(surrogates, n, rng) + partner_faults(surrogates, partners)
    refuse("significance()", _faults(pair, pairs, statistic, progress) + of_draws)
    tested = statistic or ("corr_abs_mean" if polarity else "corr_mean")
    if pairs == "matched":
        labels = matched(xr.Dataset(coords=pair.coords()))[PAIR].values
        pair = replace(pair, x=pair.x.sel({SIGNAL: labels}), y=pair.y.sel({SIGNAL: labels}))
    note_constant_signals("significance", pair)
    draws = draw(surrogates, n, rng, pair, partners, fps)
    for note in notes(surrogates, n, [len(one.items) for one in draws], pair):
        warn(f"significance(): {note}")
    plan = pair.plan()
    asked = Statistics(plan, plan.lags / pair.fps, pair.least, tested, pairs == "matched")
    compare = partial(
        _test_statistics,
        two_sided=statistic == "corr_mean" and polarity,
        pair_dims=asked.pair_dims,
        alone=pair.mirrored,
    )
    arrays = pair.arrays
    call = partial(compared, *arrays, asked=asked, variables=len(VARIABLES), progress=progress)
    names = [""] if by is None else [f" in {by} {label!r}" for label in pair.labels]
    found = [
        call(one, compare=partial(compare, n=len(one.items), place=name)) if one.parts else None
        for one, name in zip(draws, names, strict=True)
    ]
    return _dataset(_stacked(found, asked.pair_dims), pair, draw_attrs(draws, pair), asked)


def _stacked(found: list[Array | None], pair_dims: int) -> Array:
    """The results of all labels, `(…, label, variable, pairs…)`; NaN for labels that were not tested."""
    known = next(one for one in found if one is not None)
    filled = [np.full_like(known, np.nan) if one is None else one for one in found]
    return np.stack(filled, axis=known.ndim - 1 - pair_dims)


def _faults(pair: Pair, pairs: object, statistic: object, progress: object) -> list[str]:
    faults = []
    if pairs not in ("all", "matched"):
        faults.append(f"expected pairs to be 'all' or 'matched', got {pairs!r}")
    faults += statistic_faults(statistic) + ([] if progress is None else flag_faults("progress", progress))
    faults += name_faults((*VARIABLES, PAIR) if pairs == "matched" else VARIABLES, pair.x, pair.y)
    if pair.mirrored and pairs == "matched":
        faults.append("expected y with pairs='matched', got None; give y, or use pairs='all'")
    if pair.mirrored and pair.x.sizes[SIGNAL] == 1:
        faults.append("expected y, or several signals in x, got no y and one signal; give y or more signals")
    return faults


def statistic_faults(statistic: object) -> list[str]:
    """Problems with the option `statistic`."""
    if statistic is None or statistic in STATISTICS:
        return []
    return [f"expected statistic to be {' or '.join(map(repr, STATISTICS))}, got {statistic!r}"]


def _dataset(found: Array, pair: Pair, attrs: Attrs, asked: Statistics) -> xr.Dataset:
    """Name `found` `(…, label, variable, n1, n2)` or `(…, label, variable, pair)`; without `by` there is one label."""
    if pair.by is None:
        found = found[..., 0, :, :] if asked.matched else found[..., 0, :, :, :]
    last = (PAIR,) if asked.matched else (SIGNAL1, SIGNAL2)
    coords: Any = pair.coords()
    if asked.matched:
        coords = matched(xr.Dataset(coords=coords)).coords
    variables = np.moveaxis(cast(Any, found), -1 - len(last), 0)  # dask arrays have this function too
    data = {}
    for name, values in zip(VARIABLES, variables, strict=True):
        described = asked.name if name == "observed" else name
        data[name] = (pair.dims(*pair.label_dims(), *last), values, variable_attrs(described))
    of_test = {"statistic": asked.name, "pairs": "matched" if asked.matched else "all"}
    return xr.Dataset(data, {**coords, **pair.label_coords()}, {**pair.attrs(), **attrs, **of_test})


# --- comparison with the surrogates


def _test_statistics(
    strengths: np.ndarray, *, two_sided: bool, pair_dims: int, alone: bool, n: int, place: str
) -> np.ndarray:
    """Compare each recording with its surrogates: `(…, variable, pairs…)` from `(…, pick, kind, pairs…)`.

    `place` names the label in the warning about activity.
    """
    lead, shape = strengths.shape[: -2 - pair_dims], strengths.shape[-pair_dims:]
    out = np.full((*lead, len(VARIABLES), *shape), np.nan)
    related = []
    for where in np.ndindex(lead):
        if alone:
            above = np.triu_indices(shape[0], 1)
            chance = _against_chance(strengths[where][:, :, *above], two_sided, n)
            out[where][0] = strengths[where][0, 0]
            out[where][:, *above] = out[where][:, *above[::-1]] = chance
        else:
            flat = strengths[where].reshape(*strengths[where].shape[:2], -1)
            chance = _against_chance(flat, two_sided, n)
            out[where] = np.reshape(chance, out[where].shape)
        activity_p = chance[-1][~np.isnan(chance[-1])]
        related.append(len(activity_p) > 0 and (activity_p <= ALPHA).mean() > MAX_RELATED_SHARE)
    if any(related):
        of = place + (f" in {sum(related)} of {len(related)} recordings" if lead else "")
        warn(
            f"significance(): more than a quarter of the pairs are active at the same times{of} "
            f"(activity_p ≤ {ALPHA:g}); mimicry has this effect, but so has a common schedule, such as trials: then "
            "unrelated pairs are significant too often: test within intervals (by=…), or use surrogates='permute' or "
            "'partners'"
        )
    return out


def _against_chance(strengths: np.ndarray, two_sided: bool, n: int) -> np.ndarray:
    """All variables `(variable, pair)` from `strengths` `(pick, kind, pair)`, of which n are surrogates for estimates.

    The others, if there are any, are for p-values; see `Draws`.
    """
    from bitbox_xr.kernels.p_values import estimates, p_values

    values, cover, activity = np.moveaxis(strengths, 1, 0)
    ranked = np.r_[0, n + 1 : len(values)] if len(values) > n + 1 else np.arange(n + 1)
    of_statistic = p_values(values[ranked], cover[ranked], two_sided=two_sided)
    of_activity = p_values(activity[ranked], np.ones_like(activity[ranked]), two_sided=False)
    return np.stack([*estimates(values[: n + 1], cover[: n + 1]), *of_statistic, activity[0], of_activity.p])
