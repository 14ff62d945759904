"""Manifests that spreadsheets write, and text that must not be read as a number, a formula or a name."""

import csv

import numpy as np
import pandas as pd
import pytest

from bitbox_xr import cohort
from bitbox_xr.cohort import manifest, status
from bitbox_xr.cohort.spreadsheet import guarded, guarded_table, restored


def frame(**columns):
    size = len(next(iter(columns.values()), ["a"]))
    names = {"recording": [f"r{k}" for k in range(size)], "signals": [f"r{k}.nc" for k in range(size)]}
    return pd.DataFrame({**names, **columns}, dtype=object)  # pandas' own text cannot hold surrogates


def written(path, text, encoding="utf-8"):
    path.write_bytes(text.encode(encoding))
    return path


# --- names and covariates

CONTROLS = {"tab": "a\tb", "bell": "a\ab", "return": "a\rb", "newline": "a\nb", "delete": "a\x7fb", "c1": "a\x85b"}
UNWRITABLE = {"zero": "a\0b", "surrogate": "a\udc80b"}


@pytest.mark.parametrize("name", [*CONTROLS.values(), *UNWRITABLE.values()], ids=[*CONTROLS, *UNWRITABLE])
def test_names_with_control_characters_are_refused_in_a_dataframe(name):
    with pytest.raises(ValueError, match="expected names of recordings that files can have"):
        manifest.read(frame(recording=[name]))


@pytest.mark.parametrize("name", CONTROLS.values(), ids=CONTROLS)
def test_columns_with_control_characters_are_refused(name):
    with pytest.raises(ValueError, match="control characters"):
        manifest.read(frame(**{name: ["x"]}))


@pytest.mark.parametrize("name", CONTROLS.values(), ids=CONTROLS)
def test_names_with_control_characters_are_refused_in_a_csv_file(tmp_path, name):
    with pytest.raises(ValueError, match="expected names of recordings that files can have"):
        manifest.read(written(tmp_path / "m.csv", f'recording,signals\n"{name}",a.nc\n'))


@pytest.mark.parametrize("name", ["Zoë", "被験者1", "a b", "=1", "a$b$", "علی"])
def test_valid_names_are_kept(name):
    assert manifest.read(frame(recording=[name])).names == [name]


@pytest.mark.parametrize("text", UNWRITABLE.values(), ids=UNWRITABLE)
def test_covariates_that_files_cannot_hold_are_refused(text):
    with pytest.raises(ValueError, match="in column 'group'"):
        manifest.read(frame(group=[text]))


@pytest.mark.parametrize(
    "cell", ["--5", "-", "+5", "9" * 5000, "-" + "9" * 5000, "1_000", "١٢", "²", "0x1F", "1e5", "5.", "-0", "1,5"]
)
def test_text_that_numbers_do_not_have_stays_text(tmp_path, cell):
    csv_file = written(tmp_path / "m.csv", f'recording,signals,column\na,a.nc,"{cell}"\nb,b.nc,7\n')
    for given in (frame(column=[cell, "7"]), csv_file):
        assert manifest.read(given).covariates["column"].tolist() == [cell, "7"]


# --- manifests of spreadsheets


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_manifest_is_read_with_any_separator(tmp_path, separator, encoding, newline):
    lines = [
        ["recording", "signals", "reference", "age", "group"],
        ["001", "a/x.csv", "a/y.csv", "6", f'"a{separator}b"'],
        ["002", "b/x.csv", "", "7", "Zoë"],
    ]
    text = newline.join(separator.join(line) for line in lines) + newline
    found = manifest.read(written(tmp_path / "m.csv", text, encoding))
    assert found.names == ["001", "002"]
    assert [row.signals for row in found.recordings] == [tmp_path / "a/x.csv", tmp_path / "b/x.csv"]
    assert [row.reference for row in found.recordings] == [tmp_path / "a/y.csv", None]
    assert found.covariates["age"].tolist() == [6, 7]
    assert found.covariates["group"].tolist() == [f"a{separator}b", "Zoë"]


@pytest.mark.parametrize("separator", [";", "\t"])
@pytest.mark.parametrize(
    ("cells", "values"),
    [
        (["0,5", "31", "-2,25"], [0.5, 31.0, -2.25]),
        (["0,5", "", "NA"], [0.5, np.nan, np.nan]),
        (["0.5", "31", "2"], [0.5, 31.0, 2.0]),
        (["1,50", "2", "3"], ["1,50", "2", "3"]),  # 1.5 would lose a digit
        (["0,5", "1.5", "2"], ["0,5", "1.5", "2"]),
        (["1,234", "5,678", "2"], ["1,234", "5,678", "2"]),  # decimals or thousands
        (["1,234", "5,6", "2"], [1.234, 5.6, 2.0]),
        (["1,2,3", "2", "3"], ["1,2,3", "2", "3"]),
        (["left, right", "2", "3"], ["left, right", "2", "3"]),
    ],
)
def test_decimal_commas_are_read_if_columns_have_another_separator(tmp_path, separator, cells, values):
    rows = [["recording", "signals", "column"], *([f"r{k}", f"{k}.nc", cell] for k, cell in enumerate(cells))]
    path = written(tmp_path / "m.csv", "\n".join(separator.join(row) for row in rows))
    np.testing.assert_array_equal(manifest.read(path).covariates["column"], np.array(values))


def test_decimal_commas_that_may_be_thousands_are_logged(tmp_path, caplog):
    manifest.read(written(tmp_path / "m.csv", "recording;signals;dose\na;a.nc;1,234\n"))
    assert "column dose stays text: '1,234' may have decimals or thousands; use a decimal point" in caplog.text


def test_an_unknown_separator_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"got one named 'recording\|signals'; separate columns by commas, semicolons"):
        manifest.read(written(tmp_path / "m.csv", "recording|signals\na|a.nc\n"))


def test_rows_of_wrong_length_are_refused_with_any_separator(tmp_path):
    with pytest.raises(ValueError, match="expected 2 cells, one per column name, got 3 in line 3"):
        manifest.read(written(tmp_path / "m.csv", "recording;signals\na;a.nc\nb;b.nc;1\n"))


# --- cells that a spreadsheet would run

RISKY = [
    "=1+1",
    "=",
    "+x",
    "-lips",
    "@SUM(A1)",
    "\t=1",
    "\rx",
    "-1,5",
    "--5",
    "-1_000",
    "-١٢",
    "+",
    "'=1",
    "''-x",
    "'-5",
]
HARMLESS = ["", "AU12", "-5", "+5", "-1.5e-3", "-.5", "a=b", "'tis", "'", "''", " =1", "1-2"]


@pytest.mark.parametrize("text", RISKY)
def test_a_guard_is_added_to_formulas_and_removed(text):
    assert guarded(text) == "'" + text
    assert restored(guarded(text)) == text


@pytest.mark.parametrize("text", HARMLESS)
def test_other_text_is_unchanged(text):
    assert guarded(text) == text
    assert restored(text) == text


def test_guarding_is_reversible_and_unique():
    texts = ["".join(parts) for parts in np.stack(np.meshgrid(*[["", "'", "=", "-", "5"]] * 4), -1).reshape(-1, 4)]
    distinct = sorted(set(texts))
    assert [restored(guarded(text)) for text in distinct] == distinct
    assert len({guarded(text) for text in distinct}) == len(distinct)


def test_a_table_has_guarded_names_and_text_and_unchanged_numbers():
    table = pd.DataFrame({"=a": ["=1", "x", None], "n": [-1.5, np.nan, 2], "k": [-1, 2, 3], "o": ["-5", "=1", 3]})
    text = guarded_table(table).to_csv(index=False, lineterminator="\n")
    assert text == "'=a,n,k,o\n'=1,-1.5,-1,-5\nx,,2,'=1\n,2.0,3,3\n"
    assert table.columns[0] == "=a"


def test_the_status_table_is_unchanged_after_saving(tmp_path):
    rows = {
        name: status.Row(name, "failed", message, 1.0, 0, {"imitation": "failed"})
        for name, message in (("=1+1", "-x"), ("-5", "@a, b"), ("'=1", "plain"), ("001", "'-y"))
    }
    status.save(tmp_path, rows, rows)
    with (tmp_path / "status.csv").open(newline="") as stream:
        cells = [row[:3] for row in csv.reader(stream)][1:]
    assert cells[0] == ["'=1+1", "failed", "'-x"]
    assert cells[1] == ["-5", "failed", "'@a, b"]
    assert status.read_rows(tmp_path) == rows
    opened = cohort.open(tmp_path).status
    assert opened["recording"].tolist() == [*rows]
    assert opened["message"].tolist() == [row.message for row in rows.values()]


def test_a_run_writes_no_formulas(tmp_path):
    import bitbox_xr as bx

    values = np.random.default_rng(0).normal(size=(2, 120, 2))
    for k, table in enumerate(values):
        bx.to_netcdf(bx.signals(table, fps=30, names=["=lips", "AU12"]), tmp_path / f"{k}.nc")
    text = 'recording,signals,reference,group,delta\n=1+1,0.nc,1.nc,"@a\rb",-5\nmissing,2.nc,1.nc,-x,-7\n'
    written(tmp_path / "m.csv", text)
    study = cohort.run(tmp_path / "m.csv", tmp_path / "out", measure="imitation", width=1, workers=1, progress=False)
    with (tmp_path / "out" / "imitation" / "summary.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [(row["recording"], row["group"], row["delta"], row["pair"]) for row in rows] == [
        ("'=1+1", "'@a\nb", "-5", "'=lips"), ("'=1+1", "'@a\nb", "-5", "AU12")
    ]  # fmt: skip
    assert study.summary["recording"].values.tolist() == ["=1+1"]
    assert study.summary["group"].values.tolist() == ["@a\nb"]
    assert study.status["recording"].tolist() == ["=1+1", "missing"]
    assert study.recordings["=1+1"].attrs["measure"] == "imitation"
