"""The README: its Python code runs, its picture is small, and its links lead to files."""

import re
from pathlib import Path

import pytest

import bitbox_xr as bx
from bitbox_xr.demo import make_pair

PROJECT = Path(__file__).parents[1]
PLANTED = {  # imitation in the recordings of demo.make_pair: signal of the participant, signal of the model
    ("AU12", "AU12"),
    ("AU06", "AU06"),
    ("AU04", "AU12"),
    ("AU25", "AU26"),
    ("AU01", "AU02"),
    ("AU15", "AU06"),
}
README = (PROJECT / "README.md").read_text(encoding="utf-8")


def test_links_lead_to_files():
    links = [link for link in re.findall(r"\]\(([^)]+)\)", README) if not link.startswith("https://")]
    assert "docs/_static/imitation.png" in links
    assert [link for link in links if not (PROJECT / link).is_file()] == []


def test_the_picture_is_smaller_than_60_kb():
    assert (PROJECT / "docs" / "_static" / "imitation.png").stat().st_size < 60_000


def test_examples_with_faces_use_the_recommended_options():
    assert '{"width": 2, "step": 1, "max_lag": 1}' in README
    assert not re.search(r"(width|step|max_lag)=", README.replace("`width=2, step=1, max_lag=1`", ""))


ELAN = """<?xml version="1.0" encoding="UTF-8"?>
<ANNOTATION_DOCUMENT FORMAT="3.0"><HEADER TIME_UNITS="milliseconds"/><TIME_ORDER>{slots}</TIME_ORDER>
{tiers}<LINGUISTIC_TYPE LINGUISTIC_TYPE_ID="text" TIME_ALIGNABLE="true"/></ANNOTATION_DOCUMENT>"""


def elan(tiers):
    """An ELAN file: for each tier, a list of (onset, offset, label), in s."""
    slots, parts = [], []
    for tier, intervals in tiers.items():
        annotations = []
        for onset, offset, label in intervals:
            ends = [f"ts{len(slots) + k}" for k in (1, 2)]
            slots += [
                f'<TIME_SLOT TIME_SLOT_ID="{end}" TIME_VALUE="{1000 * time}"/>'
                for end, time in zip(ends, (onset, offset), strict=True)
            ]
            annotations.append(
                f'<ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a{len(slots)}" TIME_SLOT_REF1="{ends[0]}" '
                f'TIME_SLOT_REF2="{ends[1]}"><ANNOTATION_VALUE>{label}</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION>'
                "</ANNOTATION>"
            )
        parts.append(f'<TIER TIER_ID="{tier}" LINGUISTIC_TYPE_REF="text">{"".join(annotations)}</TIER>')
    return ELAN.format(slots="".join(slots), tiers="".join(parts))


@pytest.mark.slow
def test_the_code_runs_and_finds_the_planted_imitation(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "Agg")
    for name, x in zip(("child.csv", "model.csv"), make_pair(minutes=3), strict=False):
        table = x.to_pandas().add_suffix("_r").reset_index(names="timestamp")
        table.assign(frame=range(1, len(table) + 1), confidence=0.98, success=1).to_csv(name, index=False)
    phases = [(0, 90, "baseline"), (90, 180, "play")]
    Path("dyad1.eaf").write_text(elan({"phase": phases, "speech": [(20, 30, "talks")]}), encoding="utf-8")
    code = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    names = {}

    for block in code:
        exec(compile(block, "README.md", "exec"), names)

    assert len(code[0].splitlines()) <= 10
    chance = names["chance"]
    found = chance.where(chance.p_fwe <= 0.05).bitbox.to_frame().dropna()
    assert set(zip(found["signal1"].str[:4], found["signal2"].str[:4], strict=True)) == PLANTED
    assert {path.name for path in tmp_path.iterdir()} >= {"imitation.png", "smiles.png", "imitation.nc"}
    assert bx.open_netcdf("imitation.nc").attrs["max_lag"] == 1
