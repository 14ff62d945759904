"""What results take over from their inputs: labels and attributes; names that would be lost are refused."""

import json
import threading

import numpy as np
import pytest
import xarray as xr

import bitbox_xr as bx
from bitbox_xr.core.provenance import as_dataset, carried, provenance

NAMES = ["AU04", "AU06", "AU12"]
PAIR = bx.signals(np.random.default_rng(0).random((240, 3)), fps=30, names=NAMES)
X, Y = PAIR, PAIR.roll(time=5, roll_coords=False)
TWO = xr.concat([X, Y], "recording").assign_coords(recording=["a", "b"])
FACE = bx.signals(np.random.default_rng(1).normal(size=(9, 102)), kind="landmark", fps=30)


# --- names


@pytest.mark.parametrize("name", ["coefficient", "activations_per_minute", "unit", "metric", "scale", "scale_label"])
@pytest.mark.parametrize("along", ["signal", "recording"])
def test_expressivity_never_takes_a_label_for_its_own(name, along):
    labels = (along, ["p", "q", "r"][: TWO.sizes[along]])
    with pytest.raises(ValueError, match=f"expected no input named {name}, .*rename"):
        bx.expressivity(TWO.assign_coords({name: labels}))


@pytest.mark.parametrize("name", ["coefficient", "scale", "magnitude", "event"])
@pytest.mark.parametrize("along", ["signal", "recording"])
def test_events_never_take_a_label_for_their_own(name, along):
    labels = (along, ["p", "q", "r"][: TWO.sizes[along]])
    with pytest.raises(ValueError, match=f"expected no input named {name}, .*rename"):
        bx.events(TWO.assign_coords({name: labels}))


def test_what_goes_into_no_result_may_have_any_name():
    odd = X.assign_coords(activations_per_minute=("time", np.arange(240)))
    assert bx.expressivity(odd).activations_per_minute.dims == ("scale", "coefficient")
    odd = X.assign_coords(overall=("signal", [1, 2, 3]))
    assert bx.diversity(odd).overall.dims == ("scale",)
    assert bx.kinematics(FACE.assign_coords(range=("time", np.arange(9)))).range.dims == ("landmark",)


def test_asymmetry_keeps_what_lies_along_time_and_refuses_its_own_name_there():
    assert bx.asymmetry(FACE.assign_coords(look=("time", np.arange(9)))).look.values.tolist() == [*range(9)]
    with pytest.raises(ValueError, match="expected no input named feature, "):
        bx.asymmetry(FACE.assign_coords(feature=("time", np.arange(9))))
    with pytest.raises(ValueError, match="expected no input named asymmetry, "):
        bx.asymmetry(FACE.assign_coords(asymmetry=("time", np.arange(9))))


@pytest.mark.parametrize("name", ["range", "valid"])
def test_motion_refuses_its_own_names_along_signals(name):
    with pytest.raises(ValueError, match=f"expected no input named {name}, "):
        bx.kinematics(FACE.assign_coords({name: ("signal", np.arange(102) // 2)}))


def test_motion_refuses_recordings_by_landmark():
    with pytest.raises(ValueError, match="expected no input named landmark, "):
        bx.kinematics(FACE.drop_vars("landmark").expand_dims(landmark=2))


def test_the_number_of_a_side_makes_no_name_that_is_taken():
    x, y = X.assign_coords(age=1, age1=7), Y.assign_coords(age=2)
    with pytest.raises(
        ValueError, match="the coordinate age is age1 in the result, by the number of its side, and that name"
    ):
        bx.imitation(x, y)
    with pytest.raises(ValueError, match=r"\.rename\(\) age of the input"):
        bx.imitation(y, x)
    result = bx.imitation(x.rename(age1="before"), y)
    assert (int(result.age1), int(result.age2), int(result.before)) == (1, 2, 7)
    with pytest.raises(ValueError, match="the coordinate valid is valid1 in the result"):
        bx.imitation(X.assign_coords(valid=("signal", [1, 1, 0])), Y)
    with pytest.raises(ValueError, match="the coordinate age is age2 in the result"):
        bx.coordination(X.assign_coords(age=1).expand_dims(age2=2), Y.assign_coords(age=2))


def test_one_person_alone_keeps_a_name_with_a_number():
    result = bx.coordination(X.assign_coords(age=1, age1=7))
    assert (int(result.age), int(result.age1)) == (1, 7)


def test_pairs_of_one_label_leave_a_label_called_pair():
    x, y = (one.assign_coords(pair=("signal", [7, 8, 9])) for one in (X, Y))
    found = bx.imitation(x, y).bitbox.matched()
    assert (found.pair.values.tolist(), found.pair1.values.tolist()) == (NAMES, [7, 8, 9])


# --- labels


def test_events_keep_the_label_of_a_chosen_recording():
    every, one = bx.events(TWO), bx.events(TWO.sel(recording="a"))
    assert one.recording.item() == bx.expressivity(TWO.sel(recording="a")).recording.item() == "a"
    assert set(every.recording.values) == {"a", "b"}
    of_a = every.isel(event=every.recording.values == "a")
    np.testing.assert_array_equal(of_a.magnitude, one.magnitude)
    np.testing.assert_array_equal(of_a.coefficient, one.coefficient)


def test_labels_of_signals_and_recordings_together_are_kept():
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
    assert {(d, p, w) for d, p, w in zip(*(found[n].values.tolist() for n in ("day", "person", "who")), strict=True)} == {
        (0, 0, "u"), (0, 1, "v"), (1, 0, "u"), (1, 1, "v")
    }  # fmt: skip
    assert (found.day.attrs, found.coefficient.attrs) == ({"long_name": "day"}, {"long_name": "expression coefficient"})
    np.testing.assert_array_equal(found.magnitude[(found.day == 1) & (found.person == 0)], bx.events(X).magnitude)


def test_no_label_along_time_is_left_of_a_report():
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


def test_every_result_says_what_was_done_to_its_input():
    x = bx.resample(X.assign_attrs(source="a.csv", backend="OpenFace", lost_frames=5, time_source="fps given"), 15)
    for result in results(x):
        assert result.attrs["source"] == "a.csv"
        assert result.attrs["backend"] == "OpenFace"
        assert result.attrs["time_source"] == "fps given"
        assert [step["function"] for step in json.loads(result.attrs["history"])] == ["resample"]


def test_results_count_the_lost_frames_of_what_they_were_made_of():
    values = X.values.copy()
    values[110:170] = np.nan
    x = X.copy(data=values).assign_attrs(lost_frames=60).isel(time=slice(0, 120))
    assert bx.imitation(x, x).attrs["lost_frames1"] == bx.imitation(x, x).attrs["lost_frames2"] == 10
    for measure in (bx.expressivity, bx.events, bx.diversity, bx.regularity):
        assert measure(x).attrs["lost_frames"] == 10
    longer = X.copy(data=values).assign_attrs(lost_frames=60)  # of which 50 come after the end of x
    assert bx.imitation(x, longer).attrs["lost_frames2"] == 10
    for result in (bx.imitation(x.chunk(), x), bx.expressivity(x.chunk())):  # nobody looked
        assert "lost_frames1" not in result.attrs
        assert "lost_frames" not in result.attrs


def test_provenance_and_carried_and_a_dataset_by_itself():
    x = TWO.assign_attrs(source="a", history="[]", lost_frames=3, other=1).assign_coords(
        look=("time", np.arange(240)), day=2
    )
    assert provenance(x) == {"kind": "expression", "source": "a", "history": "[]", "lost_frames": 0}
    assert provenance(x.chunk()) == {"kind": "expression", "source": "a", "history": "[]"}
    assert {name: label.dims for name, label in carried(x).items()} == {"recording": ("recording",), "day": ()}
    assert carried(x, "coefficient")["region"].dims == ("coefficient",)
    assert "look" not in carried(x, "coefficient")
    assert [*as_dataset(x.rename("time"), "values").data_vars] == ["values"]
    assert [*as_dataset(x.rename(None), "values").data_vars] == ["values"]
    assert [*as_dataset(x.rename("mine"), "values").data_vars] == ["mine"]


@pytest.mark.parametrize("kind", ["landmark", "landmark-can"])
def test_landmarks_become_a_table_and_a_file(kind, tmp_path):
    face = bx.signals(np.random.default_rng(2).normal(size=(4, 153)), kind=kind, fps=30)
    assert face.bitbox.to_frame().shape[0] == 4 * 153
    bx.to_netcdf(face, tmp_path / "face.nc")
    with bx.open_netcdf(tmp_path / "face.nc") as back:
        xr.testing.assert_identical(back.load(), face)


# --- clocks


def test_two_forms_of_one_date_are_one_clock():
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


def test_several_that_write_one_file_leave_it_whole(tmp_path):
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


def test_a_file_has_the_rights_that_any_new_file_has(tmp_path):
    bx.to_netcdf(X, tmp_path / "x.nc")
    (tmp_path / "other").write_text("")
    assert (tmp_path / "x.nc").stat().st_mode == (tmp_path / "other").stat().st_mode


def test_a_name_of_the_greatest_length_is_one_for_a_file(tmp_path):
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
def test_what_is_on_or_off_is_true_or_false(call, odd):
    with pytest.raises(ValueError, match="True or False"):
        call(odd)


def test_what_is_called_pair_is_in_the_way_of_matched_pairs_alone():
    x, y = (TWO.rename(recording="pair").isel(signal=slice(2)) for _ in range(2))
    chance = {"n": 3, "rng": 0, "progress": False, "width": 0.5}
    assert bx.significance(x, y, **chance).p.dims == ("pair", "signal1", "signal2")
    with pytest.raises(ValueError, match="expected no input named pair, "):
        bx.significance(x, y, pairs="matched", **chance)


def test_labels_of_events_are_in_memory():
    found = bx.events(X.assign_coords(region=("signal", ["brow"] * X.sizes["signal"])).chunk(), scales=[0.5])
    assert found.region.chunks is None
    assert set(found.region.values) == {"brow"}
