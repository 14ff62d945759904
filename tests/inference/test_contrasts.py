"""Contrasts: estimates and p-values by SciPy and slow loops, labels, missing values, warnings, bad input."""

import warnings

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
import xarray as xr
from scipy import stats

from bitbox_xr import contrast

from study_summaries import CONDITIONS, every_exchange, slow_permutations, study


def test_one_sample_is_a_t_test_against_zero():
    summary = study()
    found = contrast(summary, variable="excess", rng=0)
    expected = stats.ttest_1samp(summary.excess, 0)
    np.testing.assert_allclose(found.t, expected.statistic)
    np.testing.assert_allclose(found.estimate, summary.excess.mean("recording"))
    interval = expected.confidence_interval(0.95)
    np.testing.assert_allclose([found.ci_low, found.ci_high], [interval.low, interval.high])
    np.testing.assert_allclose(found.d, summary.excess.mean("recording") / summary.excess.std("recording", ddof=1))
    np.testing.assert_allclose(found.p, expected.pvalue, atol=0.03)
    assert (found.comparison.item(), found.attrs["exact"], found.attrs["permutations"]) == ("mean", 0, 4999)


def test_between_is_welchs_t_with_hedges_g():
    summary = study(each=10, spread=(1, 3))
    found = contrast(summary, variable="excess", between="group", rng=0)
    clinic, control = summary.excess.values[:10], summary.excess.values[10:]
    expected = stats.ttest_ind(control, clinic, equal_var=False)
    np.testing.assert_allclose(found.t, expected.statistic)
    interval = expected.confidence_interval(0.95)
    np.testing.assert_allclose([found.ci_low, found.ci_high], [interval.low, interval.high])
    pooled = np.sqrt((clinic.var(axis=0, ddof=1) + control.var(axis=0, ddof=1)) / 2)
    g = (control.mean(axis=0) - clinic.mean(axis=0)) / pooled * (1 - 3 / (4 * 18 - 1))
    np.testing.assert_allclose(found.d, g)
    assert found.comparison.item() == "control - clinic"
    assert (found.n_first == 10).all()
    assert (found.n_second == 10).all()
    assert (found.attrs["first"], found.attrs["second"]) == ("clinic", "control")


def test_n_may_be_as_small_as_1_and_as_large_as_a_million():
    few = study(each=4)
    assert contrast(few, variable="excess", between="group", n=1, rng=0).attrs["permutations"] == 1
    assert contrast(few, variable="excess", between="group", n=1_000_000, rng=0).attrs["permutations"] == 69  # all


def test_small_groups_use_every_permutation():
    summary = study(each=5)
    found = contrast(summary, variable="excess", between="group", rng=0)
    assert (found.attrs["exact"], found.attrs["permutations"]) == (1, 251)
    second = summary.group.values == "control"
    effect = second.astype(float)
    _, p, p_fwe = slow_permutations(summary.excess.values, np.ones((10, 1)), effect, every_exchange(second))
    np.testing.assert_allclose(found.p, p)
    np.testing.assert_allclose(found.p_fwe, p_fwe)
    np.testing.assert_allclose(found.q, stats.false_discovery_control(p))


def test_within_is_a_paired_t_test():
    summary = study(conditions=2)
    found = contrast(summary, variable="excess", within="condition", rng=0)
    before, during = (summary.excess.sel(condition=name).values for name in CONDITIONS[:2])
    expected = stats.ttest_rel(during, before)
    np.testing.assert_allclose(found.t, expected.statistic)
    difference = during - before
    np.testing.assert_allclose(found.d, difference.mean(axis=0) / difference.std(axis=0, ddof=1))
    assert found.comparison.item() == "task - baseline"
    assert found.estimate.dims == ("pair",)


def test_more_than_two_conditions_are_one_family_of_every_two():
    summary = study(conditions=3)
    found = contrast(summary, variable="excess", within="condition", rng=3)
    assert found.comparison.values.tolist() == ["task - baseline", "reunion - baseline", "reunion - task"]
    assert found.estimate.dims == ("comparison", "pair")
    last = contrast(summary.sel(condition=["task", "reunion"]), variable="excess", within="condition", rng=3)
    np.testing.assert_array_equal(found.p[2], last.p)
    assert (found.p_fwe[2] >= last.p_fwe).all()
    np.testing.assert_allclose(found.q.values.ravel(), stats.false_discovery_control(found.p.values.ravel()))


def test_between_and_within_is_the_difference_of_differences():
    summary = study(conditions=2)
    found = contrast(summary, variable="excess", between="group", within="condition", rng=0)
    change = (summary.excess[:, 1] - summary.excess[:, 0]).values
    np.testing.assert_allclose(found.t, stats.ttest_ind(change[8:], change[:8], equal_var=False).statistic)
    assert found.comparison.item() == "control - clinic, task - baseline"


def test_covariates_are_those_of_a_linear_model():
    summary = study(each=12)
    found = contrast(summary, variable="excess", between="group", covariates=("age", "site"), rng=0)
    table = summary.isel(pair=1).to_dataframe()
    fit = smf.ols("excess ~ C(group) + age + C(site)", table).fit(cov_type="HC2", use_t=True)
    name = "C(group)[T.control]"
    assert found.estimate[1].item() == pytest.approx(fit.params[name])
    assert found.t[1].item() == pytest.approx(fit.tvalues[name])
    np.testing.assert_allclose([found.ci_low[1], found.ci_high[1]], fit.conf_int().loc[name])
    assert found.attrs["covariates"] == "age, site"


def test_covariates_by_condition_are_adjusted_by_their_difference():
    summary = study(conditions=2)
    found = contrast(summary, variable="excess", within="condition", covariates="sleep", rng=0)
    wide = (summary.isel(condition=1) - summary.isel(condition=0)).isel(pair=0).to_dataframe()
    wide["sleep"] -= wide["sleep"].mean()
    fit = smf.ols("excess ~ sleep", wide).fit(cov_type="HC2", use_t=True)
    assert found.t[0].item() == pytest.approx(fit.tvalues["Intercept"])


def test_a_covariate_removes_the_difference_that_it_explains():
    summary = study(each=20, cells=1)
    noise = np.repeat([0.0, 1.2], 20) + np.random.default_rng(5).normal(size=40)
    summary = summary.assign(excess=summary.excess * 0.1 + noise[:, None], sleep=("recording", noise))
    assert contrast(summary, variable="excess", between="group", rng=0).p[0] < 0.001
    assert contrast(summary, variable="excess", between="group", covariates="sleep", rng=0).p[0] > 0.05


def test_labels_of_cells_are_kept_and_tables_are_tidy():
    summary = study(conditions=3)
    summary = summary.assign_coords(order=(("condition", "pair"), np.arange(9).reshape(3, 3)))
    found = contrast(summary, variable="excess", within="condition", rng=0)
    assert found.region.values.tolist() == ["mouth"] * 3
    assert set(found.coords) == {"comparison", "pair", "region"}  # none of a recording or a condition
    assert set(found.dims) == {"comparison", "pair"}
    table = found.bitbox.to_frame()
    assert len(table) == 9
    assert {"comparison", "pair", "estimate", "ci_low", "ci_high", "d", "t", "p", "p_fwe", "q"} <= set(table)
    assert all(isinstance(value, str | int | float) for value in found.attrs.values())


def test_cells_without_dimensions_and_with_several():
    summary = study()
    one = contrast(summary.isel(pair=0), variable="excess", rng=0)
    assert one.p.dims == ()
    cube = summary.assign(excess=summary.excess.expand_dims(scale=[1.0, 2.0], axis=1))
    both = contrast(cube, variable="excess", rng=0)
    assert both.p.dims == ("scale", "pair")
    np.testing.assert_array_equal(both.p[0], both.p[1])


def test_missing_values_leave_their_cells_and_are_counted():
    summary = study(each=10)
    summary.excess[[0, 1, 12], 1] = np.nan
    summary.excess[:7, 2] = np.nan
    found = contrast(summary, variable="excess", between="group", rng=0)
    assert found.n_missing.values.tolist() == [0, 3, 7]
    assert found.n_first.values.tolist() == [10, 8, 3]
    assert found.p.isnull().values.tolist() == [False, False, True]
    expected = stats.ttest_ind(summary.excess[10:, 1], summary.excess[:10, 1], equal_var=False, nan_policy="omit")
    assert found.t[1].item() == pytest.approx(expected.statistic)
    assert found.attrs["exact"] == 0


def test_recordings_without_a_group_or_covariate_are_dropped_with_a_warning():
    summary = study(each=10)
    group = summary.group.values.astype(object)
    group[0] = ""
    summary = summary.assign_coords(group=("recording", group.astype(str)), age=summary.age.where(summary.age > 6.5))
    dropped = int(summary.age.isnull().sum()) + 1
    with pytest.warns(UserWarning, match=f"{dropped} recordings? without group, age left out"):
        found = contrast(summary, variable="excess", between="group", covariates=["age"], rng=0)
    assert found.attrs["recordings_dropped"] == dropped
    kept = summary.isel(recording=np.flatnonzero((group != "") & summary.age.notnull().values))
    xr.testing.assert_allclose(found, contrast(kept, variable="excess", between="group", covariates=["age"], rng=0))


def test_a_number_can_be_a_group():
    summary = study().assign_coords(treated=("recording", [0.0] * 8 + [1.0] * 8))
    found = contrast(summary, variable="excess", between="treated", rng=0)
    assert found.comparison.item() == "1 - 0"


def test_two_of_several_groups_are_compared_in_the_order_given():
    summary = study(each=12)
    found = contrast(summary, variable="excess", between="site", groups=["c", "a"], rng=0)
    of_a, of_c = (summary.excess.values[summary.site == site] for site in "ac")
    np.testing.assert_allclose(found.t, stats.ttest_ind(of_a, of_c, equal_var=False).statistic)
    assert (found.comparison.item(), found.attrs["first"], found.attrs["second"]) == ("a - c", "c", "a")
    assert found.attrs["recordings_dropped"] == 0
    numbers = summary.assign_coords(
        site=("recording", np.select([summary.site == one for one in "ab"], [1.0, 2.0], 3.0))
    )
    again = contrast(numbers, variable="excess", between="site", groups=[3, 1], rng=0)
    np.testing.assert_array_equal(again.p_fwe, found.p_fwe)


def test_the_seed_repeats_a_contrast_and_dask_is_computed():
    summary = study(each=12)
    found = contrast(summary, variable="excess", between="group", n=99)
    again = contrast(summary.chunk(recording=5), variable="excess", between="group", n=99, rng=int(found.attrs["seed"]))
    xr.testing.assert_identical(found, again)
    generator = np.random.default_rng(1)
    one, other = (contrast(summary, variable="excess", between="group", n=99, rng=generator) for _ in range(2))
    assert one.attrs["seed"] != other.attrs["seed"]


# --- warnings


def test_raw_correlations_are_warned_of():
    with pytest.warns(UserWarning, match="corr_mean contains what chance alone gives"):
        contrast(study().rename(excess="corr_mean"), variable="corr_mean", rng=0)


def test_too_few_recordings_for_p_are_warned_of():
    with pytest.warns(UserWarning, match=r"got 4 recordings: no p below 0\.125 is possible"):
        contrast(study(each=2), variable="excess", rng=0)


@pytest.fixture
def noisy():
    """Groups that differ in noise, and conditions that differ in lost frames."""
    summary = study(conditions=2)
    rng = np.random.default_rng(1)
    return summary.assign(
        noise2=(("recording", "signal"), rng.normal(size=(16, 3)) + np.repeat([0, 3], 8)[:, None]),
        lost_share=(("recording", "condition"), rng.random((16, 2)) * 0.1 + [0, 0.2]),
        value_range=("recording", np.random.default_rng(3).normal(size=16)),
    )


def test_groups_that_differ_in_quality_are_warned_of(noisy):
    with pytest.warns(
        UserWarning, match=r"groups of group differ in the quality of their signals: noise2 \(p = \S+\)\."
    ):
        contrast(noisy.isel(condition=0), variable="excess", between="group", rng=0)


def test_qualities_are_averaged_over_signals_and_conditions_that_are_not_compared(noisy):
    noisy = noisy.assign(lost_share=noisy.lost_share + noisy.noise2 / 100).assign_attrs(by="condition")
    reduced = noisy.assign(
        noise2=noisy.noise2.mean("signal"), lost_share=noisy.lost_share.mean(["signal", "condition"])
    )
    options = {"variable": "excess", "between": "group", "covariates": ["noise2", "lost_share"], "n": 99, "rng": 0}
    with pytest.warns(UserWarning, match="differ strongly in the covariates noise2, lost_share") as caught:
        found, expected = (contrast(one, **options) for one in (noisy, reduced))
    assert len(caught) == 2  # no quality besides, of either
    xr.testing.assert_allclose(found, expected)
    noise = contrast(noisy.isel(condition=0), variable="noise2", between="group", n=99, rng=0)
    assert noise.p.dims == ("signal",)  # the tested variable is not averaged


def test_conditions_that_differ_in_quality_are_warned_of(noisy):
    with pytest.warns(UserWarning, match=r"labels of condition differ in the quality .*: lost_share \(p = \S+\)\."):
        contrast(noisy, variable="excess", within="condition", rng=0)
    contrast(noisy, variable="excess", within="condition", covariates=["lost_share"], rng=0)


def test_a_small_group_that_varies_more_is_warned_of():
    summary = study(each=12).isel(recording=slice(5, None))  # 7 and 12
    wide = summary.assign(excess=summary.excess * xr.where(summary.group == "clinic", 4, 1))
    contrast(summary, variable="excess", between="group", rng=0)
    with pytest.warns(UserWarning, match=r"smaller group of group \(7 of 19 recordings\) has \d\.\d times"):
        contrast(wide, variable="excess", between="group", rng=0)


# --- bad input

BAD = {
    "no dataset": (lambda s: contrast(s.excess, variable="excess"), ["expected a summary", "got a DataArray"]),
    "variable": (lambda s: contrast(s, variable="corr"), ["got 'corr'; these are: excess, sleep"]),
    "like a variable": (lambda s: contrast(s, variable="exces_s"), ["; the nearest name is 'excess'"]),
    "quality": (lambda s: contrast(s, variable="excess", covariates=["noise1"]), ["'noise1'", "see with_quality()"]),
    "like a quality": (lambda s: contrast(s.assign(noise1=s.sleep), variable="excess", covariates=["noise"]),
                       ["site; the nearest name is 'noise1'"]),
    "names": (lambda s: contrast(s, variable="excess", between="x", within="y", covariates=["z", "pair"]),
              ["4 faults", "expected between to be a coordinate or variable along recording, got 'x'; coordinates are: "
               "group, age, site", "expected within to be a dimension of excess, got 'y'", "got 'z'", "got 'pair'"]),
    "one label": (lambda s: contrast(s.isel(condition=[0]), variable="excess", within="condition"), ["at least two"]),
    "no labels": (lambda s: contrast(s.drop_vars("condition"), variable="excess", within="condition"), ["assign them"]),
    "three groups": (lambda s: contrast(s, variable="excess", between="site"),
                     ["expected two groups in site, got a, b, c; choose two of them, groups=…"]),
    "absent group": (lambda s: contrast(s, variable="excess", between="site", groups=["a", "d"]),
                     ["expected groups to be labels of site (a, b, c), got 'd'"]),
    "one group": (lambda s: contrast(s, variable="excess", between="site", groups=["a", "a"]),
                  ["expected groups to be two different labels of site, got a, a"]),
    "no list of groups": (lambda s: contrast(s, variable="excess", between="site", groups="ab"), ["got 'ab'"]),
    "set of groups": (lambda s: contrast(s, variable="excess", between="site", groups={"a", "b"}), ["got {'"]),
    "groups of nothing": (lambda s: contrast(s, variable="excess", groups=["a", "b"]),
                          ["expected between with groups, got None"]),
    "small": (lambda s: contrast(s.isel(recording=slice(0, 11)), variable="excess", between="group"),
              ["at least 4 recordings in each group of group, got clinic: 8, control: 3"]),
    "few": (lambda s: contrast(s.isel(recording=slice(0, 3)), variable="excess"), ["at least 4 recordings, got 3"]),
    "wide covariate": (lambda s: contrast(s, variable="excess", covariates=["sleep"]),
                       ["expected the covariate sleep to have one value for each recording", ".mean('condition')"]),
    "explained": (lambda s: contrast(s.assign(a=("recording", [0.0] * 8 + [1.0] * 8)), variable="excess",
                                     between="group", covariates=["a"]), ["covariates that differ within the groups"]),
    "infinite": (lambda s: contrast(s.assign(excess=s.excess / 0.0), variable="excess"), ["expected finite values of"]),
    "n": (lambda s: contrast(s, variable="excess", n=0, rng=-1), ["2 faults", "expected n", "expected rng"]),
    "large n": (lambda s: contrast(s, variable="excess", n=1_000_001), ["integer from 1 to 1000000, got 1000001"]),
    "broken n": (lambda s: contrast(s, variable="excess", n=9.5), ["got 9.5"]),
    "true n": (lambda s: contrast(s, variable="excess", n=True), ["got True"]),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_refused(case):
    call, phrases = BAD[case]
    with pytest.raises(ValueError) as caught:
        call(study(conditions=2))
    for phrase in phrases:
        assert phrase in str(caught.value)


def test_missing_groups_of_pandas_are_missing():
    summary = study().assign_coords(group=("recording", np.array(pd.array(["a"] * 8 + ["b"] * 7 + [None]), object)))
    with pytest.warns(UserWarning, match="1 recording without group left out"):
        assert contrast(summary, variable="excess", between="group", rng=0).attrs["recordings"] == 15


@pytest.mark.parametrize("kind", ["string", "category", "Int64"])
def test_columns_of_pandas_tables_are_groups_and_covariates(kind):
    labels = [1, 2] * 6 if kind == "Int64" else ["a", "b"] * 6
    values = np.random.default_rng(0).normal(size=(12, 2))
    summary = xr.Dataset({"excess": (("recording", "pair"), values)})
    table = pd.DataFrame({"group": pd.Series(labels, dtype=kind), "age": pd.Series(range(12), dtype="Int64")})
    plain = summary.assign_coords(group=("recording", labels), age=("recording", np.arange(12.0)))
    columns = summary.assign_coords({name: ("recording", table[name].array) for name in table})
    options = {"variable": "excess", "between": "group", "covariates": ["age"], "n": 99, "rng": 0}
    xr.testing.assert_identical(contrast(columns, **options), contrast(plain, **options))


def test_a_quality_of_both_people_is_not_named_beside_that_of_each():
    rng = np.random.default_rng(0)
    data = {name: ("recording", np.repeat([0.1, 0.3], 8) + rng.normal(0, 0.01, 16)) for name in ("masked_share",)}
    data |= {"masked_share1": ("recording", np.zeros(16)), "masked_share2": data["masked_share"]}
    summary = xr.Dataset({**data, "excess": ("recording", rng.normal(size=16))})
    summary = summary.assign_coords(group=("recording", ["a"] * 8 + ["b"] * 8))
    with pytest.warns(UserWarning, match=r"their signals: masked_share2 \(p = [^;]*\)\. Noise"):
        contrast(summary, variable="excess", between="group", rng=0)
    with pytest.warns(UserWarning, match="differ strongly in the covariates masked_share2") as caught:
        contrast(summary, variable="excess", between="group", covariates=["masked_share2"], rng=0)
    assert len(caught) == 1  # no second name of the same quality


def test_covariates_in_which_groups_differ_strongly_are_named():
    rng = np.random.default_rng(0)
    noise = np.repeat([0.1, 0.3], 8) + rng.normal(0, 0.05, 16)
    labels = {
        "group": ("recording", ["a"] * 8 + ["b"] * 8),
        "noise": ("recording", noise),
        "age": ("recording", rng.random(16)),
    }
    summary = xr.Dataset({"excess": ("recording", rng.normal(size=16))}, labels)
    with pytest.warns(UserWarning, match=r"differ strongly in the covariates age, noise \(adjusted R² = 0\.[78]"):
        contrast(summary, variable="excess", between="group", covariates=["age", "noise"], n=99, rng=0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        contrast(summary.drop_vars("noise"), variable="excess", between="group", covariates=["age"], n=99, rng=0)
