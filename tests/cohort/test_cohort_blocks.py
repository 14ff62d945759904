"""Blocks of the summary: undecoded reading equals decoding, and results do not depend on block size."""

import json

import netCDF4
import numpy as np
import pytest
import xarray as xr

import bitbox_xr as bx
from bitbox_xr.cohort import blocks, summary

ASKED = '{"measure": "imitation"}'


def result(seed, labels=("AU04", "AU12"), **attrs):
    """A result of a measure of two people, with a count, a flag and a coordinate in addition to the labels."""
    rng = np.random.default_rng(seed)
    shape = (len(labels), len(labels))
    corr = rng.normal(size=shape).astype(np.float32)
    corr[0, -1] = np.nan
    data = {
        "corr_mean": (("signal1", "signal2"), corr, {"units": "1"}),
        "n_windows": (("signal1", "signal2"), rng.integers(0, 99, shape), {"units": "1"}),
        "valid1": ("signal1", rng.random(len(labels))),
        "whole": (("signal1", "signal2"), rng.random(shape) > 0.5),
    }
    coords = {"signal1": list(labels), "signal2": list(labels), "region1": ("signal1", [f"of {x}" for x in labels])}
    return xr.Dataset(data, coords, {"asked": ASKED, "made_from": str(seed), "width": 1.5, **attrs})


def written(folder, *results):
    files = {}
    for k, one in enumerate(results):
        files[f"r{k}"] = folder / f"r{k}.nc"
        bx.to_netcdf(one, files[f"r{k}"])
    return files


def gathered(files, file, **options):
    return blocks.gather(files, file, **{"asked": ASKED, "only_matched": False, **options})


OTHERS = ("AU12", "AU45", "AU04")


@pytest.mark.parametrize("only_matched", [False, True])
def test_a_block_has_the_numbers_of_the_files_in_order(tmp_path, only_matched):
    results = [result(0), result(1, OTHERS), result(2), result(3, OTHERS), result(4)]
    found = gathered(written(tmp_path, *results), tmp_path / "block", only_matched=only_matched)
    numbers, header = blocks.read_numbers(found.file), found.header
    assert header["recording"].values.tolist() == [f"r{k}" for k in range(5)]
    assert [*found.layouts.values()] == [["r0", "r2", "r4"], ["r1", "r3"]]
    labels = ["AU04", "AU12", "AU45"]
    assert header["pair" if only_matched else "signal1"].values.tolist() == labels
    for k, one in enumerate(results):
        for name in ("corr_mean", "n_windows", "whole"):
            full = one[name].astype(float).reindex(signal1=labels, signal2=labels).values
            np.testing.assert_array_equal(numbers[name][k], np.diag(full) if only_matched else full)
    assert header.attrs["common"] == {"asked": ASKED, "width": 1.5}
    assert header.attrs["variables"]["corr_mean"]["attrs"] == {"units": "1"}


def test_undecoded_reading_equals_decoding(tmp_path, monkeypatch):
    files = written(tmp_path, *(result(k, source1=f"{k}.csv") for k in range(6)))
    quick = gathered(files, tmp_path / "quick")
    monkeypatch.setattr(blocks, "_is_plain", lambda attrs: False)
    slow = gathered(files, tmp_path / "slow")
    assert slow.file.read_bytes() == quick.file.read_bytes()
    xr.testing.assert_identical(slow.header.drop_attrs(), quick.header.drop_attrs())
    assert slow.header.attrs == quick.header.attrs
    assert slow.layouts == quick.layouts


def test_packed_numbers_are_decoded(tmp_path):
    files = written(tmp_path, result(0), result(1), result(2))
    for file in files.values():
        with netCDF4.Dataset(file, "a") as target:
            packed = target.createVariable("packed", "i1", ("signal1",), fill_value=-128)
            packed.scale_factor = 0.25
            packed.set_auto_maskandscale(False)
            packed[:] = [4, -128]
    found = gathered(files, tmp_path / "block")
    np.testing.assert_array_equal(blocks.read_numbers(found.file)["packed"], [[1.0, np.nan]] * 3)


def test_one_file_per_set_of_labels_is_decoded(tmp_path, monkeypatch):
    decoded = []
    monkeypatch.setattr(blocks, "open_netcdf", lambda file: decoded.append(file.name) or bx.open_netcdf(file))
    labels = [("AU04", "AU12"), OTHERS]
    gathered(written(tmp_path, *(result(k, labels[k % 2]) for k in range(20))), tmp_path / "block")
    assert decoded == ["r0.nc", "r1.nc"]


def test_only_unusable_results_are_refused(tmp_path):
    files = written(tmp_path, result(0), result(1, asked="another"), result(2), result(3))
    files["r2"].write_bytes(files["r2"].read_bytes()[:3000])
    files["r3"].unlink()
    found = gathered(files, tmp_path / "block")
    assert found.header["recording"].values.tolist() == ["r0"]
    assert set(found.refused) == {"r1", "r2", "r3"}
    assert "was written by another run meanwhile" in found.refused["r1"]
    assert "r2.nc: expected a NetCDF file" in found.refused["r2"]


@pytest.mark.parametrize("chunk", [1, 2**8, 2**20])
def test_the_summary_does_not_depend_on_block_size(tmp_path, monkeypatch, chunk):
    """The number of workers decides how many recordings a block has."""
    monkeypatch.setattr(summary, "CHUNK_BYTES", chunk)
    files = written(tmp_path, *(result(k) for k in range(10)))
    names = [*files]
    made = {}
    for size in (1, 3, 4, 10):
        out = tmp_path / str(size)
        out.mkdir()
        parts = [{name: files[name] for name in names[k : k + size]} for k in range(0, 10, size)]
        many = [gathered(part, out / f"block{k}") for k, part in enumerate(parts)]
        summary.write(out, many, {"age": np.arange(10), "site": np.array([f"0{k}" for k in range(10)])})
        made[size] = [(out / name).read_bytes() for name in ("summary.nc", "summary.csv")]
    assert made[1] == made[3] == made[4] == made[10]
    with bx.open_netcdf(tmp_path / "3" / "summary.nc") as found:
        assert set(found.coords) == {"recording", "age", "site", "signal1", "signal2", "region1"}
        for k in range(10):
            np.testing.assert_array_equal(found["corr_mean"][k], result(k)["corr_mean"].astype(float))
            np.testing.assert_array_equal(found["valid1"][k], result(k)["valid1"])


def test_histories_of_recordings_are_merged():
    from bitbox_xr.cohort.histories import merged_history

    def history(shift, *intervals):
        masks = [{"function": "mask", "intervals": number, "regions": "mouth"} for number in intervals]
        return json.dumps([{"function": "align", "shift": shift}, *masks, {"function": "smooth", "width": 0.2}])

    texts = [history(0.5, 3), history(-1.0), history(0.25, 7)]
    expected = [
        {"function": "align", "shift": [-1.0, 0.5]},
        {"function": "mask", "intervals": [3, 7], "regions": "mouth", "some_recordings": 1},
        {"function": "smooth", "width": 0.2},
    ]
    assert json.loads(merged_history(texts)) == expected
    assert json.loads(merged_history([merged_history(texts[:2]), texts[2]])) == expected
    assert json.loads(merged_history([texts[0], merged_history(texts[1:])])) == expected
    other = '[{"function": "smooth", "width": 0.2}, {"function": "align", "shift": 1}]'
    for foreign in (other, "by hand", "[null]", '["by hand"]'):
        assert merged_history([texts[0], foreign]) == ""
