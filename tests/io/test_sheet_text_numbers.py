"""Text among the numbers of a DataFrame is read as in a CSV file."""

import numpy as np
import pandas as pd
import pytest

import bitbox_xr as bx

NOT_NUMBERS = ["1_000", "١٢", "１２", "0x10", "--5", "1,5", "9_9.5", "True"]


def read(cells, dtype):
    table = pd.DataFrame({"AU12": pd.Series(cells, dtype=dtype), "AU04": np.linspace(0, 1, len(cells))})
    return bx.open_signals(table, fps=30)


@pytest.mark.parametrize("cell", NOT_NUMBERS)
@pytest.mark.parametrize("dtype", [object, "str", "string", "category"])
def test_text_that_is_not_a_number_is_refused_in_files_and_dataframes(tmp_path, cell, dtype):
    with pytest.raises(ValueError, match=rf"row 1: expected a number, got '{cell}'"):
        read(["0.5", cell, "1"], dtype)
    path = tmp_path / "a.csv"
    path.write_text(f"AU12;AU04\n0.5;0\n{cell};1\n1;2\n", encoding="utf-8")
    with pytest.raises(ValueError, match=rf"line 3: expected a number, got '{cell}'"):
        bx.open_signals(path, fps=30, sep=";")


@pytest.mark.parametrize("dtype", [object, "str", "string", "category"])
def test_numbers_and_missing_values_written_as_text_are_read(dtype):
    x = read(["0.5", "", "NA", None, " -1e3 "], dtype)
    np.testing.assert_array_equal(x.sel(signal="AU12"), [0.5, np.nan, np.nan, np.nan, -1000])


def test_numbers_in_an_object_column_are_unchanged():
    x = read([1, 0.25, None, np.float32(3), "7"], object)
    np.testing.assert_array_equal(x.sel(signal="AU12"), [1, 0.25, np.nan, 3, 7])


def test_infinite_text_is_refused():
    with pytest.raises(ValueError, match="expected a finite number"):
        read(["0.5", "inf", "1"], object)


@pytest.mark.parametrize("cells", [["a$b", "x"], [b"1_000", b"2"], [[1], [2]], [pd.Timestamp(0), 1]])
def test_other_objects_are_refused(cells):
    with pytest.raises((ValueError, TypeError), match="expected a number"):
        read(cells, object)


@pytest.mark.parametrize(("given", "kept"), [("3", 3), ("9" * 5000, "9" * 5000), ("١٢", "١٢")])
def test_a_face_id_that_is_no_64_bit_integer_is_text(given, kept):
    table = pd.DataFrame({"face": [given] * 3, "AU12": [0.0, 0.5, 1.0], "timestamp": [0.0, 0.1, 0.2]})
    table = table.rename(columns={"face": "face_id", "AU12": "AU12_r"}).assign(
        frame=[1, 2, 3], confidence=1.0, success=1
    )
    assert bx.open_signals(table).attrs["face_id"] == kept


def test_signals_refuses_text():
    with pytest.raises(TypeError, match="expected numbers, got other columns: AU12"):
        bx.signals(pd.DataFrame({"AU12": ["1_000", "2"]}), fps=30)
    with pytest.raises(TypeError, match="object"):
        bx.signals(np.array([["1_000"], ["2"]], dtype=object), fps=30)
