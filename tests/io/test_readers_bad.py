"""Files and options that cannot be read with certainty: the message names the file, the place and the remedy."""

import csv

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bitbox_xr.io.readers import open_recording, open_signals

import trackers

GOOD = "t,a,b\n0.00,1,2\n0.04,3,4\n0.08,5,6\n"
WITH_TIME = {"time": "t"}
WITH_RATE = {"fps": 25}


def text(body):
    return body.encode()


# content of the file, options, message
TABLES = {
    "empty": (b"", WITH_RATE, r"x\.csv: expected a table, got an empty file"),
    "blank": (b"\n\n  \n", WITH_RATE, r"x\.csv: expected a table, got an empty file"),
    "header only": (
        b"t,a\n",
        WITH_TIME,
        r"expected rows below the column names, got none after line 1; the file may be cut",
    ),
    "nothing after skiprows": (
        text(GOOD),
        {**WITH_TIME, "skiprows": 9},
        r"expected skiprows below 4, the number of lines, got 9",
    ),
    "no names": (b"0.0,1,2\n0.1,3,4\n", WITH_RATE, r"expected column names in line 1, got numbers \(0.0, 1, 2\)"),
    "empty line of names": (b"\n0,1\n", WITH_TIME, r"expected column names in line 1, got an empty line; .*skiprows=…"),
    "cut short": (
        b"t,a,b\n0,1,2\n1,3\n",
        WITH_TIME,
        r"expected 3 fields in every line, got: line 3 has 2 fields; .*cut short",
    ),
    "too long": (b"t,a\n0,1\n1,2,3\n2,3\n", WITH_TIME, r"expected 2 fields in every line, got: line 3 has 3 fields"),
    "empty line": (b"t,a\n0,1\n\n2,3\n", WITH_TIME, r"line 3 is empty"),
    "empty line of one column": (b"a\n1\n\n3\n", WITH_RATE, r"line 3 is empty"),
    "open quote": (b't,a\n0,1\n1,"2\n2,3\n', WITH_TIME, r"line 3 has a quote that is not closed"),
    "names further down": (
        b"#Study\nt,a\n0,1\n",
        WITH_TIME,
        r"expected 1 field in every line, got: line 2 has 2 fields.*\(skiprows=…\)",
    ),
    "other separator": (
        b"t;a\n0;1\n1;2\n",
        WITH_TIME,
        r"several column names in line 1, got one; give the separator, sep=';', to get t, a",
    ),
    "tabs": (b"t\ta\n0\t1\n1\t2\n", WITH_TIME, r"give the separator, sep='\\t'"),
    "blanks": (
        b"a b\n0 1\n1 2\n",
        WITH_RATE,
        r"column names in line 1, got one; give the separator, sep=' ', to get a, b",
    ),
    "many blanks": (b"a   b\n0  1\n1  2\n", WITH_RATE, r"give the separator, sep='\\s\+', to get a, b"),
    "commas": (text(GOOD), {**WITH_RATE, "sep": ";"}, r"give the separator, sep=',', to get t, a, b$"),
    "colons": (
        b"a:b\n0:1\n1:2\n",
        WITH_RATE,
        r"column 'a:b' \(0\), line 2: expected a number, got '0:1'.*separator .* \(sep=…\)",
    ),
    "s as ms": (
        b"t,a\n0,1\n0.04,2\n0.08,3\n",
        {**WITH_TIME, "time_unit": "ms"},
        r"25000 frames .* \(time_unit='ms' was given",
    ),
    "numbers of frames": (
        b"t,a\n1,1\n2,2\n3,3\n",
        WITH_TIME,
        r"column 't': .*look like frame numbers; pass fps=…, or fps=1",
    ),
    "latin-1": (
        "t,Lächeln\n0,1\n".encode("latin-1"),
        WITH_TIME,
        r"expected UTF-8 text, got the byte 0xe4 in line 1; save the file as UTF-8",
    ),
    "UTF-16": (GOOD.encode("utf-16"), WITH_TIME, r"expected UTF-8 text, got zero bytes"),
    "binary": (b"\x00\x00\x00\x18ftypmp42" * 3, WITH_RATE, r"zero bytes"),
    "Excel": (
        b"PK\x03\x04" + b"\1" * 40,
        WITH_RATE,
        r"got a ZIP archive \(such as an Excel file\); save the table as CSV",
    ),
    "gzip": (b"\x1f\x8b\x08" + b"\1" * 40, WITH_RATE, r"got a file compressed by gzip; decompress it"),
    "text among numbers": (
        b"t,a\n0,1\n1,oops\n",
        WITH_TIME,
        r"column 'a' \(1\), line 3: expected a number, got 'oops'.*NA.*columns=",
    ),
    "two columns of text": (
        b"t,a,b\n0,x,1\n1,2,y\n",
        WITH_TIME,
        r"2 faults\n.*'a' \(1\), line 2: .*'x'.*\n.*'b' \(2\), line 3: .*'y'",
    ),
    "truth": (b"t,a\n0,True\n1,False\n", WITH_TIME, r"line 2: expected a number, got 'True'"),
    "decimal comma": (
        b"t;a\n0;1,5\n1;2,5\n",
        {**WITH_TIME, "sep": ";"},
        r"expected a number, got '1,5'; write decimal points",
    ),
    "digits grouped": (b"t,a\n0,1_000\n1,2\n", WITH_TIME, r"expected a number, got '1_000'"),
    "infinite": (
        b"t,a\n0,1\n1,inf\n",
        WITH_TIME,
        r"column 'a' \(1\), line 3: expected a finite number, got 'inf'; correct it",
    ),
    "beyond float64": (b"t,a\n0,1\n1,-1e999\n", WITH_TIME, r"line 3: expected a finite number, got '-1e999'"),
    "text as time": (b"t,a\nx,1\ny,2\n", WITH_TIME, r"column 't' \(0\), line 2: expected a number, got 'x'"),
    "no time": (text(GOOD), {}, r"expected a column of times or a frame rate, got neither; .*time='t'.*fps=…"),
    "only a time": (
        b"t\n0\n1\n",
        WITH_TIME,
        r"expected a column of signals, got only columns that time or number the rows",
    ),
    "no such time": (text(GOOD), {"time": "tt"}, r"expected the name of a column, such as t, got 'tt'"),
    "missing time": (
        b"t,a\n0,1\n,2\n0.2,3\n",
        WITH_TIME,
        r"column 't': expected a time for every frame, got none at 1 of 3 frames; see line 3",
    ),
    "time stands still": (
        b"t,a\n0,1\n0.1,2\n0.1,3\n",
        WITH_TIME,
        r"expected times that increase, got 0.1 s, then 0.1 s at frame 2 .*; see line 4",
    ),
    "time goes back": (
        b"t,a\n0,1\n0.1,2\n0.05,3\n",
        WITH_TIME,
        r"expected times that increase, got 0.1 s, then 0.05 s .*see line 4",
    ),
    "1 ms apart": (
        b"t,a\n0,1\n0.001,2\n0.002,3\n",
        WITH_TIME,
        r"1000 frames per second; if this is correct, pass fps=1000",
    ),
    "ms as s": (
        b"t,a\n0,1\n33,2\n67,3\n",
        WITH_TIME,
        r"time steps of 33.5 s; if the times are in ms, pass time_unit='ms'",
    ),
    "a wrong unit": (
        b"t,a\n1e300,1\n2e300,2\n",
        WITH_TIME,
        r"column 't': expected times up to 1e\+12 s, got 2e\+300 s with time_unit='s'",
    ),
    "a long pause": (b"t,a\n0,1\n0.04,2\n0.08,3\n999999,4\n", WITH_TIME, r"got a pause of 999999 s after line 4"),
    "times of another length": (
        text(GOOD),
        {"time": [0.0, 0.1]},
        r"time=…: expected a time for each of 3 rows, got the shape \(2,\)",
    ),
    "times of text": (
        text(GOOD),
        {"time": ["a", "b", "c"]},
        r"time=…: expected times in seconds, datetime64 or timedelta64, got <U1",
    ),
    "no such column": (
        text(GOOD),
        {**WITH_TIME, "columns": ["a", "bb"]},
        r"expected the name of a column, such as b, got 'bb'",
    ),
    "no such position": (text(GOOD), {**WITH_TIME, "columns": [3]}, r"expected a column position from 0 to 2, got 3"),
    "before the first": (text(GOOD), {**WITH_TIME, "columns": -1}, r"expected a column position from 0 to 2, got -1"),
    "twice the same": (text(GOOD), {**WITH_TIME, "columns": ["a", 1]}, r"expected distinct columns, got 'a' twice"),
    "no column": (
        text(GOOD),
        {**WITH_TIME, "columns": []},
        r"expected columns to hold names or positions \(from 0\), got none",
    ),
    "a column of another type": (
        text(GOOD),
        {**WITH_TIME, "columns": [1.5]},
        r"expected a column name or a position \(from 0\), got 1.5",
    ),
    "names twice": (
        b"t,a,a\n0,1,2\n1,2,3\n",
        WITH_TIME,
        r"expected unique column names, got 'a' at columns 1, 2; choose by position",
    ),
    "one of two names": (
        b"t,a,a\n0,1,2\n1,2,3\n",
        {**WITH_TIME, "columns": "a"},
        r"expected one column named 'a', got columns 1, 2; choose",
    ),
    "no name": (b"a,\n0,1\n1,2\n", WITH_RATE, r"expected a name for every column, got none for column 1; .*columns="),
    "no faces": (
        text(GOOD),
        {**WITH_TIME, "face_id": 0},
        r"expected a column of face ids for face_id=0, got none",
    ),
    "no confidence": (
        text(GOOD),
        {**WITH_TIME, "min_confidence": 0.5},
        r"expected a confidence column for min_confidence=0.5, got none",
    ),
    "fps": (
        text(GOOD),
        {"fps": -1},
        r"open_signals\(\): expected fps to be a positive number of frames per second, got -1",
    ),
    "kind": (
        text(GOOD),
        {**WITH_TIME, "kind": "smile"},
        r"expected kind to be one of expression, landmark, .*got 'smile'",
    ),
    "time_unit": (
        text(GOOD),
        {**WITH_TIME, "time_unit": "fortnight"},
        r"time_unit: expected a unit of time, s, ms, .*, got 'fortnight'",
    ),
    "time_unit alone": (
        text(GOOD),
        {**WITH_RATE, "time_unit": "ms"},
        r"expected time together with time_unit='ms', got none",
    ),
    "sep": (text(GOOD), {**WITH_TIME, "sep": "ab"}, r"expected sep to be one character, .* got 'ab'"),
    "skiprows": (text(GOOD), {**WITH_TIME, "skiprows": -1}, r"expected skiprows to be the number of lines .* got -1"),
    "min_confidence": (
        text(GOOD),
        {**WITH_TIME, "min_confidence": "high"},
        r"expected min_confidence to be a number, got 'high'",
    ),
    "all options at once": (
        text(GOOD),
        {"fps": 0, "kind": "x", "sep": ""},
        r"3 faults\n  - .*fps.*\n  - .*kind.*\n  - expected sep",
    ),
}


@pytest.mark.parametrize("case", TABLES)
def test_a_damaged_or_ambiguous_table_is_refused(case, tmp_path):
    raw, options, words = TABLES[case]
    (tmp_path / "x.csv").write_bytes(raw)
    with pytest.raises((ValueError, TypeError), match=words) as refused:
        open_signals(tmp_path / "x.csv", **options)
    assert str(refused.value).startswith(("x.csv", "open_signals()"))


def openface(**changed):
    return {**trackers.openface(6, decimals=6), **changed}


# columns of a known format, options, message
TRACKED = {
    "several faces": (
        openface(face_id=[0, 0, 1, 1, 2, 10]),
        {},
        r"expected one face, got the faces 0, 1, 2, 10; choose one with face_id=",
    ),
    "no such face": (openface(), {"face_id": 3}, r"expected face_id to be one of 0, got 3"),
    "no confident frames": (
        openface(),
        {"min_confidence": 95},
        r"frames with a confidence of at least 95, got at most 0.95",
    ),
    "3-D points are not canonicalized": (
        openface(),
        {"kind": "landmark-can"},
        r"expected columns of kind 'landmark-can' as OpenFace 2",
    ),
    "1 ms apart": (
        openface(timestamp=np.arange(6) / 1000),
        {},
        r"column 'timestamp': expected at most 240 .*got time steps of 1 ms",
    ),
    "frames restart": (
        openface(frame=[1, 2, 3, 1, 2, 3]),
        WITH_RATE,
        r"column 'frame', line 5: expected whole frame numbers that increase, got 1 after 3",
    ),
    "half a frame": (openface(frame=[1, 2, 2.5, 3, 4, 5]), WITH_RATE, r"column 'frame', line 4: .* got 2.5 after 2"),
    "frames beyond": (openface(frame=[1, 2, 3, 4, 5, 10**9]), WITH_RATE, r"got a pause of 4e\+07 s after line 6"),
    "frame 1e300": (
        openface(frame=[1, 2, 3, 4, 5, 1e300]),
        WITH_RATE,
        r"column 'frame', line 7: .* got 1e\+300 after 5",
    ),
    "a duplicated unit": (
        {**openface(), "AU01_r ": trackers.ramp(6)},
        {},
        r"expected unique column names, got 'AU01_r' at columns",
    ),
    "Py-Feat without a rate": (trackers.pyfeat(4), {}, r"Py-Feat writes frame numbers but no times; give .* fps="),
    "Py-Feat, two in one frame": (
        {**trackers.pyfeat(4), "frame": [0, 0, 1, 1]},
        WITH_RATE,
        r"column 'frame', line 3: .* got 0 after 0",
    ),
    "a bad timecode": (
        {**trackers.live_link(3), "Timecode": ["10:00:00:00.0", "10:00:00:61", "x"]},
        {},
        r"line 3: expected a timecode .* got '10:00:00:61'",
    ),
    "no angles": (
        trackers.media_pipe(3),
        {**WITH_RATE, "kind": "pose"},
        r"expected columns of kind 'pose' as MediaPipe .* expression \(52",
    ),
    "no units": (
        {name: own for name, own in openface().items() if not name.endswith("_r")},
        {},
        r"columns of kind 'expression' as OpenFace 2 writes them, got pose \(6 columns\), gaze \(8 columns\), landm",
    ),
}


@pytest.mark.parametrize("case", TRACKED)
def test_a_damaged_or_ambiguous_tracker_file_is_refused(case, tmp_path):
    columns, options, words = TRACKED[case]
    with pytest.raises(ValueError, match=words) as refused:
        open_signals(trackers.write(tmp_path / "x.csv", columns), **options)
    assert str(refused.value).startswith("x.csv")


ROW4, ROW9 = "1 2 3 4\n", "1 2 3 4 5 6 7 8 9\n"

# name of a 3DI file, its text, options, message
THREE_DI = {
    "empty": ("c_rects.3DI", "", {}, "expected a table, got an empty file"),
    "as another": ("c_pose.3DI", ROW4, {}, r"expected 9 columns for pose of 3DI, got 4 columns in line 1"),
    "of lite": (
        "c_expression_localized.3DIl",
        "1 " * 32,
        {},
        r"expected 50 columns for expression of 3DI-lite, got 32 columns",
    ),
    "ragged": ("c_rects.3DI", ROW4 * 2 + "1 2 3\n", {}, r"expected 4 fields in every line, got: line 3 has 3 fields"),
    "text": ("c_rects.3DI", ROW4 + "1 2 x 4\n", {}, r"column 'w' \(2\), line 2: expected a number, got 'x'"),
    "unknown": ("c_gaze.3DI", ROW4, {}, r"expected a name with an ending of 3DI \(_rects, _landmarks.*kind=…"),
    "unknown of a kind": (
        "c.3DI",
        ROW4,
        {"kind": "expression"},
        r"expected 32 or 79 columns for expression of 3DI, got 4 columns",
    ),
    "another kind": (
        "c_rects.3DI",
        ROW4,
        {"kind": "pose"},
        r"expected columns of kind 'pose' as 3DI writes them, .* rectangle",
    ),
    "lite pose": (
        "c_pose.3DIl",
        ROW9,
        {},
        r"got a pose of 3DI-lite, whose rotation cannot be recovered without its landmarks",
    ),
    "lite pose by kind": ("c.3DIl", ROW9, {"kind": "pose"}, r"got a pose of 3DI-lite"),
    "a separator": ("c_rects.3DI", ROW4, {"sep": " "}, r"got sep, which would have no effect; leave it out"),
    "a face": ("c_rects.3DI", ROW4, {"face_id": 1}, r"expected a column of face ids for face_id=1, got none"),
    "infinite": ("c_rects.3DI", "1 2 3 -inf\n", {}, r"column 'h' \(3\), line 1: expected a finite number, got '-inf'"),
}


@pytest.mark.parametrize("case", THREE_DI)
def test_a_damaged_or_unknown_3di_file_is_refused(case, tmp_path):
    name, body, options, words = THREE_DI[case]
    (tmp_path / name).write_text(body)
    with pytest.raises(ValueError, match=words) as refused:
        open_signals(tmp_path / name, **options)
    assert str(refused.value).startswith(name)


def test_a_path_without_a_file_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no\.csv: expected an existing file, got none"):
        open_signals(tmp_path / "no.csv")
    with pytest.raises(
        IsADirectoryError,
        match=r"expected a file, got a folder without frames of OpenPose; choose one of its files, or see open_",
    ):
        open_signals(tmp_path)
    with pytest.raises(TypeError, match=r"expected path to be a file, got ndarray; signals\(\) accepts arrays"):
        open_signals(np.zeros((3, 2)))
    with pytest.raises(ValueError, match=r"open_recording\(\): expected fps to be .*, got 0"):
        open_recording(tmp_path, fps=0)


def test_dataframes_that_are_refused(tmp_path):
    with pytest.raises(
        ValueError, match=r"the table: expected at least one row and one column, got the shape \(0, 1\)"
    ):
        open_signals(pd.DataFrame({"a": []}), fps=25)
    with pytest.raises(
        ValueError,
        match=r"the table: 3 faults\n.*'a' \(0\), row 1.*'x'.*\n.*'b' \(1\), row 0.*\n.*'c' \(2\), row 0.*'\(1\+2j\)'",
    ):
        open_signals(pd.DataFrame({"a": ["1", "x"], "b": pd.to_datetime(["2026", "2027"]), "c": [1 + 2j, 0]}), fps=25)
    with pytest.raises(ValueError, match=r"the table: column 'a' \(0\), row 1: expected a finite number, got 'inf'"):
        open_signals(pd.DataFrame({"a": [0, np.inf]}), fps=25)
    with pytest.raises(ValueError, match=r"the table: .* got sep, which would have no effect"):
        open_signals(pd.DataFrame({"a": [0, 1]}), fps=25, sep=",")


def test_other_sources_that_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"a Bitbox dictionary: .* got columns, which would have no effect"):
        open_signals({"type": "expression", "data": pd.DataFrame({"a": [0.0]})}, columns=["a"])
    (tmp_path / "x.parquet").write_bytes(b"PAR1 and then nothing")
    with pytest.raises(ValueError, match=r"x.parquet: expected a readable Parquet file"):
        open_signals(tmp_path / "x.parquet", fps=25)
    (tmp_path / "x.nc").write_bytes(b"CDF\x01 and then nothing")
    with pytest.raises(ValueError, match=r"x.nc: .* got columns, which would have no effect"):
        open_signals(tmp_path / "x.nc", fps=25, columns=[0])


def test_an_open_quote_in_an_unread_column_is_refused(tmp_path):
    (tmp_path / "x.csv").write_text('t,a,note\n0,1,"x""\n1,2,""y"\n2,3,z\n')
    with pytest.raises(ValueError, match=r"line 2 has a quote that is not closed"):
        open_signals(tmp_path / "x.csv", time="t", columns="a")


DAMAGE = [
    "",
    ",",
    "\n",
    '"',
    "inf",
    "1e400",
    "-1e300",
    "nan",
    "NA",
    "x",
    " ",
    "\t",
    ";",
    "-",
    "9" * 30,
    "\r",
    "\u2028",
    "True",
]


@settings(max_examples=150, deadline=None)
@given(at=st.integers(0, 60), length=st.integers(0, 3), damage=st.sampled_from(DAMAGE), cut=st.booleans())
def test_a_damaged_file_is_read_exactly_or_refused_by_name(at, length, damage, cut, tmp_path_factory):
    body = "t,a,b\n0,1.5,2\n0.04,NA,4\n0.08,5,6e1\n0.12,7,8\n"
    body = body[:at] + damage + ("" if cut else body[at + length :])
    file = tmp_path_factory.mktemp("bad") / "x.csv"
    file.write_text(body, encoding="utf-8", newline="")
    refusal = ""
    try:
        x = open_signals(file, fps=25, columns=[1, 2])
    except (ValueError, TypeError) as error:
        refusal = str(error)
    if refusal:
        assert refusal.startswith("x.csv")
        return
    lines = body.replace("\r\n", "\n").replace("\r", "\n").rstrip(" \n").split("\n")
    cells = [[cell.strip(" ") for cell in row[1:]] for row in csv.reader(lines[1:])]
    plain = [[np.nan if cell in ("", "NA", "nan") else float(cell) for cell in row] for row in cells]
    np.testing.assert_array_equal(x.values, plain)
