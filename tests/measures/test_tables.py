"""Tables of results: metrics as columns, one row for a result without dimensions, and units of columns."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import bitbox_xr as bx
from bitbox_xr.measures.tables import to_frame

METRICS = ["frequency", "density", "mean", "std", "min", "max"]


@pytest.fixture(scope="module")
def face():
    values = np.abs(np.random.default_rng(0).normal(size=(900, 3)).cumsum(axis=0))
    return bx.signals(values, fps=30, names=["AU04", "AU06", "AU12"])


def test_metrics_of_expressivity_are_columns(face):
    result = bx.expressivity(face, scales=[0.5, 1.0, 2.0])
    table = result.bitbox.to_frame()
    assert len(table) == 3 * 3
    assert set(METRICS) <= set(table.columns)
    assert {"metric", "unit", "expressivity"}.isdisjoint(table.columns)
    row = table[(table["scale"] == 1.0) & (table["coefficient"] == "AU06")].iloc[0]
    cell = result.sel(scale=1.0, coefficient="AU06")
    assert [row[name] for name in METRICS] == cell.expressivity.values.tolist()
    assert row["eligible_time"] == cell.eligible_time.item()
    assert row["activations_per_minute"] == cell.activations_per_minute.item()
    assert (row["region"], row["scale_label"]) == (cell.region.item(), cell.scale_label.item())
    units = table.attrs["units"]
    assert (units["frequency"], units["max"], units["eligible_time"]) == ("1", face.attrs["units"], "s")
    assert units["density"] == f"{face.attrs['units']}/frame"
    assert "coefficient" not in units


def test_long_tables_have_one_row_for_each_metric(face):
    result = bx.expressivity(face, scales=[0.5, 1.0])
    table = result.bitbox.to_frame(long=True)
    assert len(table) == 2 * 6 * 3
    row = table[(table["scale"] == 1.0) & (table["coefficient"] == "AU06") & (table["metric"] == "std")].iloc[0]
    assert row["expressivity"] == result.expressivity.sel(scale=1.0, coefficient="AU06", metric="std").item()
    wide = result.bitbox.to_frame()
    pivoted = table.pivot_table("expressivity", ["scale", "coefficient"], "metric", sort=False)[METRICS]
    np.testing.assert_array_equal(wide.set_index(["scale", "coefficient"])[METRICS], pivoted)


def test_further_dimensions_are_rows(face):
    both = xr.concat([face, face + 1], pd.Index(["P01", "P02"], name="person")).assign_attrs(face.attrs)
    result = bx.expressivity(both, scales=[0.5, 1.0])
    table = result.bitbox.to_frame()
    assert len(table) == 2 * 2 * 3
    assert table.columns.tolist()[:3] == ["person", "scale", "coefficient"]
    turned = result.bitbox.to_frame(["coefficient", "scale", "person"])
    assert turned["coefficient"].tolist() == sorted(table["coefficient"])
    only = to_frame(result.expressivity)
    pd.testing.assert_frame_equal(only[METRICS], table[METRICS])


def test_a_metric_named_like_another_variable_gets_a_longer_name(face):
    result = bx.expressivity(face, scales=[0.5, 1.0]).assign_coords(mean=7)
    table = result.bitbox.to_frame()
    assert (table["mean"] == 7).all()
    means = result.expressivity.sel(metric="mean").transpose("scale", "coefficient")
    np.testing.assert_array_equal(table["expressivity_mean"], means.values.ravel())


def test_a_result_without_dimensions_is_one_row(face):
    stats = bx.imitation(face, face, width=2, step=1, max_lag=1, stats=True)
    one = stats.sel(signal1="AU04", signal2="AU12")
    table = one.bitbox.to_frame()
    assert len(table) == 1
    assert table.loc[0, "signal1"] == "AU04"
    assert table.loc[0, "corr_mean"] == one.corr_mean.item()
    assert table.loc[0, "n_windows"] == one.n_windows.item()
    assert table.attrs["units"]["corr_lag"] == "s"
    lazy = one.chunk().bitbox.to_frame()
    pd.testing.assert_frame_equal(lazy, table)
    assert len(bx.expressivity(face).isel(scale=0, coefficient=0).bitbox.to_frame()) == 1
    number = to_frame(one.corr_mean)
    assert number["corr_mean"].tolist() == [one.corr_mean.item()]


def test_every_table_has_the_units_of_its_columns(face):
    windows = bx.imitation(face, face, width=2, step=1, max_lag=1)
    for data in (windows, bx.window_stats(windows), bx.events(face, scales=[0.5]), bx.diversity(face), face):
        table = to_frame(data)
        variables = data.to_dataset(name="expression").variables if isinstance(data, xr.DataArray) else data.variables
        expected = {name: variables[name].attrs["units"] for name in table.columns if "units" in variables[name].attrs}
        assert table.attrs["units"] == expected
        assert expected


def test_a_wrong_option_is_refused(face):
    with pytest.raises(ValueError, match="expected long to be True or False, got 'yes'"):
        bx.diversity(face).bitbox.to_frame(long="yes")


def test_labels_are_the_first_columns(face):
    columns = bx.events(face, scales=[1.0]).bitbox.to_frame().columns.tolist()
    assert columns[:5] == ["event", "time", "scale", "coefficient", "region"]
    assert columns.index("side") < columns.index("magnitude")
