"""Contrasts of groups and conditions over the recordings of a study, in every cell of a summary."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from bitbox_xr.core.errors import refuse, warn
from bitbox_xr.core.provenance import FIRST_SETTING, MULTIVERSE, PREREGISTERED_SETTING, result_attrs
from bitbox_xr.core.validation import counted, listed
from bitbox_xr.core.variables import COMPARISON, RECORDING, variable_attrs
from bitbox_xr.inference.contrast_design import MIN_RECORDINGS, Design, checked_design, is_quality
from bitbox_xr.inference.seeds import rng_faults, seed_of

if TYPE_CHECKING:
    from bitbox_xr.kernels.permutation import Arrangements, Family, Outcome

__all__ = ["contrast"]

MAX_PERMUTATIONS = 1_000_000
CONFIDENCE = 0.95
MAX_GROUP_RATIO, MAX_SPREAD_RATIO = 1.5, 1.5  # of the larger to the smaller group; of the smaller to the larger
MAX_EXPLAINED = 0.4  # adjusted R² of the group by covariates: one covariate that differs by 1.6 standard deviations
MAX_P = 0.05  # of a difference in quality that is worth a warning
# Variables whose level without any relation depends on how signals move.
CONTAIN_CHANCE = ("corr_mean", "corr_abs_mean", "corr_fisher_mean", "observed", "profile", "profile_fisher", "answered")
OF_SETTINGS = (MULTIVERSE, PREREGISTERED_SETTING, FIRST_SETTING)  # attributes


def contrast(
    summary: xr.Dataset,
    *,
    variable: str,
    between: str | None = None,
    groups: Sequence[object] | None = None,
    within: str | None = None,
    covariates: Sequence[str] = (),
    n: int = 4999,
    rng: int | np.random.Generator | None = None,
) -> xr.Dataset:
    """Test a variable over recordings: against zero, between groups, between conditions, or their interaction.

    Every cell of the summary (every pair of signals, or every scale, metric and coefficient) is tested by permutations
    that are the same for all cells, so that `p_fwe` takes into account how cells are related.

    Parameters
    ----------
    summary
        `(recording, …)`, as `cohort.run` makes it, or several results concatenated along `recording`. Recordings must
        be independent of each other: average the sessions of a person first.
    variable
        The variable to test. Use one from which chance is removed, such as `excess` of `significance`. Raw mean
        correlations are high by chance, and higher for slow signals, so groups can differ in them without differing in
        imitation; a warning says so.
    between
        A coordinate along `recording` with the groups, such as "group". The estimate is the mean of the second group
        minus that of the first.
    groups
        The first and the second group, two labels of `between`. Recordings of other groups take no part. Default: both
        labels in alphabetical order, if there are two.
    within
        A dimension with the conditions of each recording, such as "condition". The estimate is the mean difference of
        two conditions, the later label minus the earlier one. With more than two labels every two of them are compared
        (dimension `comparison`), all in one family. With `between` too, it is the difference of these differences.
    covariates
        Coordinates or variables along `recording` for which the estimate is adjusted: numbers, or text, which becomes
        indicators. Variables along `recording` and `within` are adjusted for by their difference between conditions.
        They are centred: an estimate without `between` is that of a recording with mean covariates. Variables of
        `quality`, such as `noise1`, are averaged over signals, and over conditions that are not compared.
    n
        Number of random permutations. If there are no more than n different ones, these are used.
    rng
        A seed, or a Generator from which it is drawn. Default: a random seed. The attribute `seed` holds it.

    Returns
    -------
    Dataset
        With the dimensions of the variable but `recording` and `within`, and `comparison` if there are several:

        - `estimate`, and `ci_low` and `ci_high`, its 95 % confidence interval by t, in units of the variable
        - `d`: the estimate divided by the standard deviation of residuals. Hedges' g between groups, d_z within
        - `t`, and `p`: share of permutations with a |t| at least as large, the observed one included
        - `p_fwe`: share of permutations whose largest |t| over all cells and comparisons is at least as large
        - `q`: false discovery rate over all cells and comparisons (Benjamini & Hochberg). With several settings
          (`multiverse`), each setting is a separate family in `p_fwe` and `q`.
        - `n_recordings`, and between groups `n_first` and `n_second`: recordings with a value; `n_missing`: without

        NaN in cells with fewer than 4 recordings on a side. `result.bitbox.to_frame()` makes a tidy table.

    Raises
    ------
    ValueError
        If names are not in the summary, there are not two groups, or a side has fewer than 4 recordings; all problems
        at once.

    Warns
    -----
    UserWarning
        If the variable contains chance; if groups or conditions differ (p ≤ .05) in a quality of their signals that is
        not a covariate (see `quality`: add its variables to the summary); if recordings lack a group or a covariate;
        if there are too few recordings for p ≤ .05; if the smaller of two unequal groups varies much more; if groups
        differ strongly in the covariates.

    Notes
    -----
    t is the coefficient of a linear model divided by its standard error "HC2" (MacKinnon & White 1985), which allows
    for different variances. Without covariates this is Welch's t between groups, with the degrees of freedom of Welch
    and Satterthwaite in the confidence interval, and Student's t otherwise. Permutations exchange recordings between
    groups, or flip the signs of recordings; with covariates, those of the residuals of a model without the tested
    effect (Freedman & Lane 1983, Journal of Business & Economic Statistics 1, 292-298; Winkler et al. 2014, NeuroImage
    92, 381-397). Flips of signs assume that differences are distributed symmetrically around their mean. A recording
    without a value in a cell leaves that cell only. If values are missing, permutations between groups are random ones.

    Examples
    --------
    Two groups of eight recordings; the second group imitates the smile more:

    >>> rng = np.random.default_rng(0)
    >>> excess = rng.normal(0.1, 0.05, (16, 2))
    >>> excess[8:, 1] += 0.15
    >>> summary = xr.Dataset(
    ...     {"excess": (("recording", "pair"), excess)},
    ...     {"group": ("recording", ["clinic"] * 8 + ["control"] * 8), "pair": ["AU04", "AU12"]},
    ... )
    >>> found = contrast(summary, variable="excess", between="group", rng=0)
    >>> found.bitbox.to_frame()[["pair", "comparison", "estimate", "p_fwe"]].round(4)
       pair        comparison  estimate   p_fwe
    0  AU04  control - clinic    0.0071  0.9394
    1  AU12  control - clinic    0.1658  0.0004
    """
    from bitbox_xr.kernels import permutation

    refuse("contrast()", _option_faults(n, rng))
    design = checked_design(summary, variable, between, groups, within, covariates)
    seed = seed_of(rng)
    values, columns = design.compared(design.summary[variable]), design.adjustments()
    if any(np.isinf(own).any() for own in values):
        remedy = f"replace them by NaN, for example summary[{variable!r}].where(abs(summary[{variable!r}]) < 1e9)"
        raise ValueError(f"contrast(): expected finite values of {variable}, got infinite ones; {remedy}")
    effect = np.where(design.second, 1.0, 0.0) if between else np.ones(len(design.second))
    constant = np.ones((len(effect), 1 if between else 0))
    families = [
        permutation.Family(own, np.concatenate([constant, adjusted], axis=1))
        for own, adjusted in zip(values, columns, strict=True)
    ]
    generator = np.random.default_rng(seed)
    if between:
        simple = not columns[0].size and all(np.isfinite(own).all() for own in values)
        arrangements = permutation.exchanges(design.second, n, generator, labels_only=simple)
    else:
        arrangements = permutation.flips(len(effect), n, generator)
    tests = _evaluated(families, effect, arrangements, design.settings)
    _warn(design, len(arrangements.rows) if arrangements.exact else n + 1, paired=not between)
    if between:
        _warn_of_unequal_groups(design, values)
        _warn_of_different_covariates(design, columns)
    attrs = {
        "permutations": len(arrangements.rows) - 1, "exact": int(arrangements.exact), "seed": str(seed),
        "confidence": CONFIDENCE, "recordings": len(effect), "recordings_dropped": design.dropped,
    }  # fmt: skip
    return _dataset(design, tests, values, columns[0].shape[1]).assign_attrs(attrs)


def _option_faults(n: object, rng: object) -> list[str]:
    whole = isinstance(n, int | np.integer) and not isinstance(n, bool)
    if not whole or not 1 <= n <= MAX_PERMUTATIONS:  # type: ignore[operator]
        fault = f"expected n, the number of permutations, to be an integer from 1 to {MAX_PERMUTATIONS}, got {n!r}"
        return [fault, *rng_faults(rng)]
    return rng_faults(rng)


def _evaluated(
    families: list["Family"], effect: np.ndarray, arrangements: "Arrangements", settings: np.ndarray
) -> "Outcome":
    """Test all cells; those of each setting of a multiverse are a separate family."""
    from bitbox_xr.kernels import permutation

    fields = len(permutation.Outcome._fields)
    found = np.full((fields, len(families), len(settings)), np.nan)
    for number in np.unique(settings):
        at = np.flatnonzero(settings == number)
        own = [family._replace(values=family.values[:, at]) for family in families]
        outcome = permutation.evaluate(own, effect, arrangements, MIN_RECORDINGS)
        found[:, :, at] = np.reshape(outcome, (fields, len(families), len(at)))
    return permutation.Outcome(*found.reshape(fields, -1))


def _dataset(design: Design, tests: "Outcome", values: list[np.ndarray], covariates: int) -> xr.Dataset:
    """Label the results of all cells of all comparisons."""
    from scipy.stats import false_discovery_control, t

    present = ~np.isnan(np.concatenate(values, axis=1))
    count, tested = present.sum(axis=0), ~np.isnan(tests.t)
    freedom = count - covariates - (2 if design.between else 1)
    bias = 1 - 3 / (4 * np.maximum(freedom, 1) - 1) if design.between else 1.0
    margin = t.ppf((1 + CONFIDENCE) / 2, tests.freedom) * tests.error
    q = np.full(len(tested), np.nan)
    for own in _families(design, tested):
        q[own] = false_discovery_control(tests.p[own])
    ratio = np.divide(tests.estimate, tests.deviation, out=np.full(len(q), np.nan), where=tests.deviation > 0)
    found = {
        "estimate": tests.estimate, "ci_low": tests.estimate - margin, "ci_high": tests.estimate + margin,
        "d": ratio * bias, "t": tests.t, "p": tests.p, "p_fwe": tests.p_fwe, "q": q,
        "n_recordings": count, "n_missing": len(present) - count,
    }  # fmt: skip
    if design.between:
        found["n_first"] = present[~design.second].sum(axis=0)
        found["n_second"] = present[design.second].sum(axis=0)
    return _labelled(design, found)


def _families(design: Design, tested: np.ndarray) -> list[np.ndarray]:
    """The places of the tested cells of each family: of all comparisons, by setting."""
    settings = np.tile(design.settings, len(tested) // max(1, len(design.settings)))
    found = [np.flatnonzero(tested & (settings == number)) for number in np.unique(settings)]
    return [own for own in found if own.size]


def _labelled(design: Design, found: dict[str, np.ndarray]) -> xr.Dataset:
    cells = design.summary[design.variable]
    compared = {RECORDING, design.within}.intersection(cells.dims)
    cells = cells.drop_vars([name for name, c in cells.coords.items() if compared.intersection(c.dims)])
    cells = cells.isel(dict.fromkeys(compared, 0))
    names = design.names
    several = len(names) > 1
    dims, shape = ((COMPARISON, *cells.dims), (len(names), *cells.shape)) if several else (cells.dims, cells.shape)
    units = str(cells.attrs.get("units", "1"))
    label = ((COMPARISON,), names) if several else ((), names[0])
    coords = {**cells.coords, COMPARISON: (*label, variable_attrs(COMPARISON))}
    data = {name: (dims, values.reshape(shape), variable_attrs(name, units=units)) for name, values in found.items()}
    options = {
        "variable": design.variable, "of": str(design.summary.attrs.get("measure", "")),
        "between": design.between or "", "within": design.within or "", "covariates": ", ".join(design.covariates),
        **dict(zip(("first", "second"), design.sides, strict=False)),
        **{name: str(design.summary.attrs.get(name, "")) for name in OF_SETTINGS},
    }  # fmt: skip
    return xr.Dataset(data, coords, result_attrs("contrast", {name: value for name, value in options.items() if value}))


# --- warnings


def _warn(design: Design, permutations: int, paired: bool) -> None:
    if design.dropped:
        without = listed(name for name in (design.between, *design.covariates) if name)
        warn(f"contrast(): {counted(design.dropped, 'recording')} without {without} left out")
    if design.variable in CONTAIN_CHANCE:
        warn(
            f"contrast(): {design.variable} contains what chance alone gives, which depends on how fast and how often "
            "signals move; use a variable without it, such as excess of significance()"
        )
    if paired and 2 / permutations > MAX_P:
        warn(
            f"contrast(): expected enough recordings for p ≤ {MAX_P}, got {counted(len(design.second), 'recording')}: "
            f"no p below {2 / permutations:.3g} is possible"
        )
    if differing := _differing_qualities(design):
        what = f"groups of {design.between}" if design.between else f"labels of {design.within}"
        warn(
            f"contrast(): {what} differ in the quality of their signals: {'; '.join(differing)}. Noise, losses and "
            "expressivity change correlations and counts; pass these variables as covariates, and report both results"
        )


def _warn_of_different_covariates(design: Design, columns: Sequence[np.ndarray]) -> None:
    """Warn if the covariates nearly tell which group a recording is in: there is no comparison at equal values then."""
    recordings, number = columns[0].shape
    if not number or recordings <= number + 1:
        return
    group = design.second - design.second.mean()
    left = min(float(((group - own @ np.linalg.lstsq(own, group, rcond=None)[0]) ** 2).sum()) for own in columns)
    explained = 1 - left / float((group**2).sum()) * (recordings - 1) / (recordings - number - 1)
    if explained > MAX_EXPLAINED:
        warn(
            f"contrast(): groups of {design.between} differ strongly in the covariates {listed(design.covariates)} "
            f"(adjusted R² = {explained:.2f}): the estimate is extrapolated from one group to the other and can be "
            "wrong in both directions; use recordings with similar values, or call the comparison inconclusive"
        )


def _warn_of_unequal_groups(design: Design, values: list[np.ndarray]) -> None:
    """Warn if the smaller group varies much more: its recordings are then exchanged with others too often."""
    sides = [np.concatenate(values, axis=1)[side] for side in (~design.second, design.second)]
    small, large = sorted(sides, key=len)
    if len(large) < MAX_GROUP_RATIO * len(small):
        return
    enough = ((~np.isnan(small)).sum(axis=0) >= MIN_RECORDINGS) & ((~np.isnan(large)).sum(axis=0) >= MIN_RECORDINGS)
    if not enough.any():
        return
    one, other = np.nanstd(small[:, enough], axis=0), np.nanstd(large[:, enough], axis=0)
    ratio = float(np.median(np.divide(one, other, out=np.ones_like(one), where=other > 0)))
    if ratio > MAX_SPREAD_RATIO:
        warn(
            f"contrast(): the smaller group of {design.between} ({len(small)} of {len(small) + len(large)} recordings) "
            f"has {ratio:.1f} times the standard deviation of the other; p and p_fwe are then too small (with twice "
            "the spread in 12 of 40 recordings, p_fwe ≤ .05 in 10 to 40 % of studies without a difference): use "
            "confidence intervals, or groups of one size"
        )


def _differing_qualities(design: Design) -> list[str]:
    """The qualities in which the sides differ and that are not covariates, with the p of each, as text."""
    if design.between is None and design.within is None:
        return []
    found = []
    for name, values in design.summary.variables.items():
        text = str(name)
        along = RECORDING in values.dims and {RECORDING, design.within}.issuperset(values.dims)
        of_both = f"{text}1" in design.summary.variables  # `masked_share` beside that of each person
        if not is_quality(name) or not along or of_both or text in (design.variable, *design.covariates):
            continue
        own = design.summary[name]
        if design.between is None and design.within not in own.dims:
            continue
        p = min(_p_of_difference(column[:, 0], design) for column in design.compared(own))
        found += [f"{text} (p = {p:.2g})"] if p <= MAX_P else []
    return found


def _p_of_difference(values: np.ndarray, design: Design) -> float:
    from scipy.stats import ttest_1samp, ttest_ind

    known = np.isfinite(values)
    values, second = values[known], design.second[known]
    if len(values) < MIN_RECORDINGS or np.ptp(values) == 0 or (design.between and len(set(second)) < 2):
        return 1.0
    if design.between:
        if min(np.ptp(values[second]), np.ptp(values[~second])) == 0:  # constant on a side: no Welch test
            return float(ttest_ind(values[second], values[~second]).pvalue)
        return float(ttest_ind(values[second], values[~second], equal_var=False).pvalue)
    return float(ttest_1samp(values, 0.0).pvalue)
