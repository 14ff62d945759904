"""Labels and attributes that results keep from their inputs, and names that they refuse."""

import json
import threading

import numpy as np
import pytest
import xarray as xr

import bitbox_xr as bx
from bitbox_xr.core.provenance import as_dataset, carried, provenance

pytestmark = pytest.mark.filterwarnings("ignore:significance.*expected at least 19 surrogates")

NAMES = ["AU04", "AU06", "AU12"]
PAIR = bx.signals(np.random.default_rng(0).random((240, 3)), fps=30, names=NAMES)
X, Y = PAIR, PAIR.roll(time=5, roll_coords=False)
TWO = xr.concat([X, Y], "recording").assign_coords(recording=["a", "b"])
FACE = bx.signals(np.random.default_rng(1).normal(size=(9, 102)), kind="landmark", fps=30)


# --- names


@pytest.mark.parametrize("name", ["coefficient", "activations_per_minute", "unit", "metric", "scale", "scale_label"])
@pytest.mark.parametrize("along", ["signal", "recording"])
def test_expressivity_refuses_names_of_its_result(name, along):
    labels = (along, ["p", "q", "r"][: TWO.sizes[along]])
    with pytest.raises(ValueError, match=f"expected no input named {name}, .*rename"):
        bx.expressivity(TWO.assign_coords({name: labels}))


@pytest.mark.parametrize("name", ["coefficient", "scale", "magnitude", "event"])
@pytest.mark.parametrize("along", ["signal", "recording"])
def test_events_refuses_names_of_its_result(name, along):
    labels = (along, ["p", "q", "r"][: TWO.sizes[along]])
    with pytest.raises(ValueError, match=f"expected no input named {name}, .*rename"):
        bx.events(TWO.assign_coords({name: labels}))


def test_coordinates_that_results_do_not_keep_may_have_any_name():
    odd = X.assign_coords(activations_per_minute=("time", np.arange(240)))
    assert bx.expressivity(odd).activations_per_minute.dims == ("scale", "coefficient")
    odd = X.assign_coords(overall=("signal", [1, 2, 3]))
    assert bx.diversity(odd).overall.dims == ("scale",)
    assert bx.kinematics(FACE.assign_coords(range=("time", np.arange(9)))).range.dims == ("landmark",)


def test_asymmetry_keeps_coordinates_along_time_and_refuses_names_of_its_result():
    assert bx.asymmetry(FACE.assign_coords(look=("time", np.arange(9)))).look.values.tolist() == [*range(9)]
    with pytest.raises(ValueError, match="expected no input named feature, "):
        bx.asymmetry(FACE.assign_coords(feature=("time", np.arange(9))))
    with pytest.raises(ValueError, match="expected no input named asymmetry, "):
        bx.asymmetry(FACE.assign_coords(asymmetry=("time", np.arange(9))))


@pytest.mark.parametrize("name", ["range", "valid"])
def test_motion_refuses_names_of_its_result_along_signals(name):
    with pytest.raises(ValueError, match=f"expected no input named {name}, "):
        bx.kinematics(FACE.assign_coords({name: ("signal", np.arange(102) // 2)}))


def test_motion_refuses_a_dimension_called_landmark():
    with pytest.raises(ValueError, match="expected no input named landmark, "):
        bx.kinematics(FACE.drop_vars("landmark").expand_dims(landmark=2))


def test_numbered_names_of_two_inputs_may_not_clash():
    x, y = X.assign_coords(age=1, age1=7), Y.assign_coords(age=2)
    with pytest.raises(ValueError, match="expected no other coordinate called age1, the name of the coordinate age in"):
        bx.imitation(x, y)
    with pytest.raises(ValueError, match="rename age in the input"):
        bx.imitation(y, x)
    result = bx.imitation(x.rename(age1="before"), y)
    assert (int(result.age1), int(result.age2), int(result.before)) == (1, 2, 7)
    with pytest.raises(ValueError, match="called valid1, the name of the coordinate valid in the result"):
        bx.imitation(X.assign_coords(valid=("signal", [1, 1, 0])), Y)
    with pytest.raises(ValueError, match="called age2, the name of the coordinate age in the result"):
        bx.coordination(X.assign_coords(age=1).expand_dims(age2=2), Y.assign_coords(age=2))


def test_numbered_names_of_one_input_are_kept():
    result = bx.coordination(X.assign_coords(age=1, age1=7))
    assert (int(result.age), int(result.age1)) == (1, 7)


def test_matched_pairs_keep_a_coordinate_called_pair():
    x, y = (one.assign_coords(pair=("signal", [7, 8, 9])) for one in (X, Y))
    found = bx.imitation(x, y).bitbox.matched()
    assert (found.pair.values.tolist(), found.pair1.values.tolist()) == (NAMES, [7, 8, 9])


# --- labels


def test_events_keep_the_label_of_a_selected_recording():
    every, one = bx.events(TWO), bx.events(TWO.sel(recording="a"))
    assert one.recording.item() == bx.expressivity(TWO.sel(recording="a")).recording.item() == "a"
    assert set(every.recording.values) == {"a", "b"}
    of_a = every.isel(event=every.recording.values == "a")
    np.testing.assert_array_equal(of_a.magnitude, one.magnitude)
    np.testing.assert_array_equal(of_a.coefficient, one.coefficient)


def test_labels_along_signals_and_recordings_are_kept():
    kept = TWO.assign_coords(site=(("recording", "signal"), [["l", "m", "r"], ["L", "M", "R"]]))
    result = bx.expressivity(kept)
    assert result.site.dims == ("recording", "coefficient")
    assert result.site.sel(recording="b", coefficient="AU12").item() == "R"
    assert result.region.sel(coefficient="AU12").item() == "mouth"
    found = bx.events(kept)
    for event in range(0, found.sizes["event"], 17):
        one = found.isel(event=event)
        labels = result.sel(recording=one.recording.item(), coefficient=one.coefficient.item())
        assert (one.site.item(), one.region.item()) == (labels.site.item(), labels.region.item())
    assert bx.imitation(kept, kept).site1.dims == ("recording", "signal1")


def test_unlabelled_recordings_are_numbered():
    many = xr.concat([X, Y, X, Y], "recording").data.reshape(2, 2, 240, 3)
    many = xr.DataArray(
        many, {"time": X.time, "signal": NAMES, "who": ("person", ["u", "v"])}, ("day", "person", "time", "signal")
    )
    found = bx.events(many)
    labels = set(zip(*(found[name].values.tolist() for name in ("day", "person", "who")), strict=True))
    assert labels == {(0, 0, "u"), (0, 1, "v"), (1, 0, "u"), (1, 1, "v")}
    assert (found.day.attrs, found.coefficient.attrs) == ({"long_name": "day"}, {"long_name": "expression coefficient"})
    np.testing.assert_array_equal(found.magnitude[(found.day == 1) & (found.person == 0)], bx.events(X).magnitude)


def test_regularity_drops_labels_along_time():
    seen = xr.DataArray(np.ones((2, 240)), dims=("recording", "time"))
    assert "seen" not in bx.regularity(TWO.assign_coords(seen=seen)).coords
    assert bx.regularity(TWO).recording.values.tolist() == ["a", "b"]


def test_names_of_signals_become_text():
    plain = X.drop_vars(["region", "side"])
    for labels, texts in (
        ([1, 2, 30], ["1", "2", "30"]),
        ([b"p", b"q", b"r"], ["p", "q", "r"]),
        ([0.5, 1.0, 2.0], ["0.5", "1.0", "2.0"]),
    ):
        one = plain.assign_coords(signal=("signal", labels, {"long_name": "number"}))
        result = bx.imitation(one, one)
        assert result.signal1.values.tolist() == texts
        assert result.signal1.attrs == {"long_name": "number"}
        assert bx.expressivity(one).coefficient.values.tolist() == texts
        found = bx.significance(one, one, pairs="matched", n=3, rng=0, progress=False)
        assert found.pair.values.tolist() == texts
    mixed = plain.assign_coords(signal=np.array([1, "1", "2"], dtype=object))
    with pytest.raises(ValueError, match="expected unique signal names, got more than once: 1"):
        bx.expressivity(mixed)


# --- attributes


def results(x):
    """A result of every measure of `x`, and of landmarks with its attributes."""
    face = FACE.assign_attrs({name: value for name, value in x.attrs.items() if name not in FACE.attrs})
    sides = bx.imitation(x, x)
    yield sides.assign_attrs({name[:-1]: value for name, value in sides.attrs.items() if name.endswith("2")})
    yield from (bx.expressivity(x), bx.events(x), bx.diversity(x), bx.regularity(x))
    yield from (bx.kinematics(face), bx.smoothness(face), bx.relative_motion(face), bx.asymmetry(face))


def test_results_keep_source_and_history_of_their_input():
    x = bx.resample(X.assign_attrs(source="a.csv", backend="OpenFace", lost_frames=5, time_source="fps given"), 15)
    for result in results(x):
        assert result.attrs["source"] == "a.csv"
        assert result.attrs["backend"] == "OpenFace"
        assert result.attrs["time_source"] == "fps given"
        assert [step["function"] for step in json.loads(result.attrs["history"])] == ["resample"]


@pytest.mark.filterwarnings("ignore:.*expected x and y of one length")
def test_results_count_the_lost_frames_of_their_input():
    values = X.values.copy()
    values[110:170] = np.nan
    x = X.copy(data=values).assign_attrs(lost_frames=60).isel(time=slice(0, 120))
    assert bx.imitation(x, x).attrs["lost_frames1"] == bx.imitation(x, x).attrs["lost_frames2"] == 10
    for measure in (bx.expressivity, bx.events, bx.diversity, bx.regularity):
        assert measure(x).attrs["lost_frames"] == 10
    longer = X.copy(data=values).assign_attrs(lost_frames=60)  # 50 of them after the end of x
    assert bx.imitation(x, longer).attrs["lost_frames2"] == 10
    for result in (bx.imitation(x.chunk(), x), bx.expressivity(x.chunk())):  # values were not computed
        assert "lost_frames1" not in result.attrs
        assert "lost_frames" not in result.attrs


def test_provenance_carried_and_as_dataset():
    x = TWO.assign_attrs(source="a", history="[]", lost_frames=3, other=1).assign_coords(
        look=("time", np.arange(240)), day=2
    )
    assert provenance(x) == {"kind": "expression", "history": "[]", "lost_frames": 0}
    assert provenance(x.chunk()) == {"kind": "expression", "history": "[]"}
    assert {name: label.dims for name, label in carried(x).items()} == {"recording": ("recording",), "day": ()}
    assert carried(x, "coefficient")["region"].dims == ("coefficient",)
    assert "look" not in carried(x, "coefficient")
    assert [*as_dataset(x.rename("time"), "values").data_vars] == ["values"]
    assert [*as_dataset(x.rename(None), "values").data_vars] == ["values"]
    assert [*as_dataset(x.rename("mine"), "values").data_vars] == ["mine"]


def test_results_of_several_recordings_do_not_name_the_file_of_the_first():
    first, second = X.assign_attrs(source="a.csv", time_origin="2026-01-01"), Y.assign_attrs(source="b.csv")
    assert bx.imitation(first, second).attrs["source1"] == "a.csv"
    both = xr.concat([first, second], xr.Variable("recording", ["a", "b"]))
    for several in (both, both.sel(recording="b"), both.drop_vars("recording")):
        assert not [name for name in bx.imitation(several, several).attrs if name.startswith(("source", "time_origin"))]
        assert "source" not in bx.expressivity(several).attrs


@pytest.mark.parametrize("kind", ["landmark", "landmark-can"])
def test_landmarks_convert_to_a_table_and_a_file(kind, tmp_path):
    face = bx.signals(np.random.default_rng(2).normal(size=(4, 153)), kind=kind, fps=30)
    assert face.bitbox.to_frame().shape[0] == 4 * 153
    bx.to_netcdf(face, tmp_path / "face.nc")
    with bx.open_netcdf(tmp_path / "face.nc") as back:
        xr.testing.assert_identical(back.load(), face)


# --- dates


def test_equal_dates_in_different_notation_agree():
    x = X.assign_attrs(time_origin="2024-05-01T10:00:00")
    same = ("2024-05-01T10:00:00.000", "2024-05-01 10:00", "2024-05-01T10:00:00.000000000")
    for origin in same:
        xr.testing.assert_equal(bx.imitation(x, Y.assign_attrs(time_origin=origin)), bx.imitation(X, Y))
    for origin in ("2024-05-01T10:00:00.040", "2024-05-01T10:00:00Z", "yesterday"):
        with pytest.raises(ValueError, match="expected x and y to have the same frame times"):
            bx.imitation(x, Y.assign_attrs(time_origin=origin))
    odd = X.assign_attrs(time_origin="yesterday")
    xr.testing.assert_equal(bx.imitation(odd, Y.assign_attrs(time_origin="yesterday")), bx.imitation(X, Y))


# --- files


def test_concurrent_writes_leave_a_complete_file(tmp_path):
    big = [xr.DataArray(np.full((300, 300), float(k)), dims=("a", "b"), name="v") for k in range(4)]
    faults, go = [], threading.Barrier(4)

    def write(k):
        go.wait()
        try:
            for _ in range(5):
                bx.to_netcdf(big[k], tmp_path / "same.nc")
        except Exception as error:
            faults.append(error)

    threads = [threading.Thread(target=write, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    with bx.open_netcdf(tmp_path / "same.nc") as back:
        assert any((back.values == k).all() for k in range(4))
    assert [file.name for file in tmp_path.iterdir()] == ["same.nc"]


def test_files_have_default_permissions(tmp_path):
    bx.to_netcdf(X, tmp_path / "x.nc")
    (tmp_path / "other").write_text("")
    assert (tmp_path / "x.nc").stat().st_mode == (tmp_path / "other").stat().st_mode


def test_file_names_of_maximum_length_are_accepted(tmp_path):
    name = "ä" * 126 + ".nc"
    bx.to_netcdf(X, tmp_path / name)
    assert [file.name for file in tmp_path.iterdir()] == [name]


# --- options


@pytest.mark.parametrize(
    "call",
    [
        lambda odd: bx.expressivity(X, robust=odd),
        lambda odd: bx.expressivity(X, scales=3, aggregate=odd),
        lambda odd: bx.events(X, scales=3, aggregate=odd),
        lambda odd: bx.diversity(X, robust=odd),
        lambda odd: bx.diversity(X, magnitude=odd),
        lambda odd: bx.diversity(X, scales=3, aggregate=odd),
        lambda odd: bx.imitation(X, Y, stats=odd),
        lambda odd: bx.imitation(X, Y, causal=odd),
        lambda odd: bx.imitation(X, Y, polarity=odd),
        lambda odd: bx.coordination(X, Y, stats=odd),
        lambda odd: bx.coordination(X, Y, polarity=odd),
        lambda odd: bx.lag_profile(X, Y, polarity=odd),
        lambda odd: bx.lag_profile(X, Y, causal=odd),
        lambda odd: bx.kinematics(FACE, angular=odd),
        lambda odd: bx.smoothness(FACE, angular=odd),
        lambda odd: bx.relative_motion(FACE, angular=odd),
        lambda odd: bx.significance(X, Y, n=3, rng=0, causal=odd, progress=False),
        lambda odd: bx.surrogate_windows(X, Y, pair=("AU04", "AU04"), n=3, rng=0, polarity=odd),
        lambda odd: bx.lag_map(X, Y, pair=("AU04", "AU04"), causal=odd),
    ],
)
@pytest.mark.parametrize("odd", ["no", 0.5, 1, None], ids=repr)
def test_flags_must_be_true_or_false(call, odd):
    with pytest.raises(ValueError, match="True or False"):
        call(odd)


def test_a_dimension_called_pair_is_refused_only_with_matched_pairs():
    x, y = (TWO.rename(recording="pair").isel(signal=slice(2)) for _ in range(2))
    chance = {"n": 3, "rng": 0, "progress": False, "width": 0.5}
    assert bx.significance(x, y, **chance).p.dims == ("pair", "signal1", "signal2")
    with pytest.raises(ValueError, match="expected no input named pair, "):
        bx.significance(x, y, pairs="matched", **chance)


def test_labels_of_events_are_in_memory():
    found = bx.events(X.assign_coords(region=("signal", ["brow"] * X.sizes["signal"])).chunk(), scales=[0.5])
    assert found.region.chunks is None
    assert set(found.region.values) == {"brow"}
