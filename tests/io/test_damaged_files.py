"""Damaged files: each of 2,000 mutations is refused with a clear message, or changes only the cells that it touches.

Mutations run in child processes (this file as a script), each within 10 s and 1 GB, so that a crash of a library or
unbounded memory is noticed. The cells that a mutation touches are computed from the undamaged bytes:

* Text: the cell that contains the byte. A separator, line end or quote touches the row, or the two rows that it
  separates. In the line of names a byte touches the column. A row's time, frame number, face, success or confidence
  touches the whole row.
* Parquet: the column whose pages contain the byte.
* NetCDF-4: the number or letter, if it is stored uncompressed. The structure and compressed values have checksums, so
  that damage to these may touch nothing. NetCDF-3 has no checksums: damage to its header may touch everything.
"""

import io
import json
import os
import random
import re
import resource
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest

import bitbox_xr as bx

import trackers

N_MUTATIONS = 2000
MAX_SECONDS = 10
MAX_BYTES = 2**30
N_ROWS = 16
N_SIGNALS = 6  # of a table without a format
N_WIDE = 100_000  # columns of a file that became very wide
MAX_MESSAGE = 2000  # characters
UNUSUAL_NUMBERS = [
    *(
        "1e308",
        "-1e308",
        "1e400",
        "-1e999",
        "9" * 400,
        "1e-320",
        "0x10",
        "1_000",
        "1,5",
        "--1",
        "1e",
        "NaN(7)",
        "∞",
        "١٢",
    ),
    *("1e5000", "+", "٫5", "1.2.3"),
]
NEW_ROW = -9  # marks in `Damage.rows` that a row was repeated


class Damage(NamedTuple):
    """The bytes of a mutated file, and what the mutation touched."""

    raw: bytes
    rows: frozenset = frozenset()
    columns: frozenset = frozenset()
    cells: frozenset = frozenset()  # (row, column)
    all: bool = False
    times: bool = False


class Format(NamedTuple):
    """How a file is made and read, and which of its columns matter for whole rows."""

    name: str
    make: Callable[[Path], None]
    read: Callable[[Path], object]
    sep: str | None = ","  # None: a binary file
    row_columns: tuple[str, ...] = ()  # columns that can discard a row, such as success
    time_columns: tuple[str, ...] = ()
    header: bool = True
    make_companion: Callable[[Path], None] | None = None  # makes another file of the recording, which is not damaged


# --- making and reading files


def some(columns, *patterns):
    return {name: own for name, own in columns.items() if any(re.fullmatch(p, name) for p in patterns)}


def openface(version, *, sep=","):
    def make(path):
        columns = trackers.openface(N_ROWS, version=version)
        kept = some(columns, "frame|face_id|timestamp|confidence|success", r"pose_.*|AU.*")
        trackers.write(path, kept, sep=sep)

    return make


def pyfeat(version):
    def make(path):
        columns = trackers.pyfeat(N_ROWS, version=version)
        trackers.write(path, some(columns, "Face.*|Pitch|Roll|Yaw|AU.*|frame|approx_time|Identity|input"))

    return make


def live_link(path):
    trackers.write(path, trackers.live_link(N_ROWS), rows=[*range(5), *range(8, N_ROWS)])


def media_pipe(path):
    trackers.write(path, trackers.media_pipe(N_ROWS))


def table_columns():
    return {"t": np.arange(N_ROWS) / 25, **{f"s{k}": trackers.ramp(N_ROWS, k) for k in range(N_SIGNALS)}}


def table(sep):
    return lambda path: trackers.write(path, table_columns(), sep=sep)


def parquet(path):
    pd.DataFrame(table_columns()).to_parquet(path)


def three_di(ending):
    rows = trackers.ramps(N_ROWS, trackers.THREE_DI_COLUMNS[ending])
    return lambda path: path.write_text("".join(" ".join(map(str, row)) + "\n" for row in rows))


def sidecar(path):
    content = {"backend": "3DI", "command": "run x", "input": {"video": "/a/clip.mp4", "frames": 16}, "time": 1.5}
    path.with_suffix(".json").write_text(json.dumps(content))


def landmarks_of_clip(path):
    three_di("landmarks")(path.with_name("clip_landmarks.3DI"))


def netcdf(engine):
    x = bx.signals(trackers.ramps(N_ROWS, N_SIGNALS), fps=30, names=trackers.UNITS_R[:N_SIGNALS], source="clip.csv")
    return lambda path: bx.to_netcdf(x, path, engine=engine)


def signals_with(**options):
    return lambda path: bx.open_signals(path, **options).load()


def netcdf_with(**options):
    def read(path):
        with bx.open_netcdf(path, **options) as x:
            return x.load()

    return read


def rectangles_of_recording(path):
    return bx.open_recording(path.with_name("clip.mp4"), fps=25)["rects"]


FORMATS = (
    Format(
        "of2.csv",
        openface(2, sep=", "),
        signals_with(),
        sep=", ",
        row_columns=("frame", "face_id", "confidence", "success"),
        time_columns=("timestamp",),
    ),
    Format(
        "of1.csv",
        openface(1, sep=", "),
        signals_with(kind="pose", min_confidence=0.5),
        sep=", ",
        row_columns=("confidence", "success"),
        time_columns=("timestamp",),
    ),
    Format(
        "ofn.csv",
        openface(2),
        signals_with(fps=30),
        row_columns=("face_id", "confidence", "success", "timestamp"),
        time_columns=("frame",),
    ),
    Format("pf0.csv", pyfeat(0), signals_with(fps=25), row_columns=("FaceScore",), time_columns=("frame",)),
    Format(
        "pf2.csv",
        pyfeat(2),
        signals_with(fps=25, kind="rectangle"),
        row_columns=("FaceScore", "Identity"),
        time_columns=("frame",),
    ),
    Format("live.csv", live_link, signals_with(), time_columns=("Timecode",)),
    Format(
        "media.csv",
        media_pipe,
        signals_with(time="timestamp_ms", time_unit="ms"),
        time_columns=("timestamp_ms",),
    ),
    Format("any.csv", table(","), signals_with(time="t"), time_columns=("t",)),
    Format("any.tsv", table("\t"), signals_with(fps=25, columns=["s0", "s3", "s5"]), sep="\t"),
    Format("any.txt", table("  "), signals_with(time=0, sep=r"\s+"), sep="  ", time_columns=("t",)),
    Format(
        "clip_rects.3DI",
        three_di("rects"),
        signals_with(),
        sep=" ",
        header=False,
        make_companion=sidecar,
    ),
    Format(
        "clip_expression_localized.3DI",
        three_di("expression_localized"),
        signals_with(fps=25),
        sep=" ",
        header=False,
    ),
    Format("clip_landmarks.3DIl", three_di("landmarks"), signals_with(fps=25), sep=" ", header=False),
    Format(
        "clip_rects.3DI",
        three_di("rects"),
        rectangles_of_recording,
        sep=" ",
        header=False,
        make_companion=landmarks_of_clip,
    ),
    Format("any.parquet", parquet, signals_with(time="t"), sep=None),
    Format("four.nc", netcdf("netcdf4"), signals_with(), sep=None),
    Format("chunked.nc", netcdf("h5netcdf"), netcdf_with(engine="h5netcdf"), sep=None),
    Format("three.nc", netcdf("scipy"), netcdf_with(), sep=None),
)


# --- mutations of text


class Text(NamedTuple):
    """An undamaged text file."""

    raw: bytes
    lines: list[str]
    form: Format

    def locate(self, at):
        """(line, field, whether it separates fields) of the byte at position `at`."""
        line = self.raw.count(b"\n", 0, at)
        start = self.raw.rfind(b"\n", 0, at) + 1
        before = self.raw[start:at].decode()
        return line, len(before.split(self.form.sep)) - 1, chr(self.raw[at]) in f"{self.form.sep}\n "

    def row(self, line):
        return line - self.form.header

    def touched(self, *fields, structure):
        """What damage to the fields at (line, field) touches; `structure`: fields next to them may have moved."""
        rows, columns, cells = set(), set(), set()
        times = False
        for line, field in fields:
            names = self.lines[0].split(self.form.sep) if self.form.header else []
            name = names[field] if field < len(names) else ""
            times |= name in self.form.time_columns or (structure and line > 0)
            if self.form.header and line == 0:
                columns |= {field, field + 1} if structure else {field}
                times |= structure
            elif structure or name in self.form.row_columns + self.form.time_columns:
                rows.add(self.row(line))
            else:
                cells.add((self.row(line), field))
        return {"rows": frozenset(rows), "columns": frozenset(columns), "cells": frozenset(cells), "times": times}


STRUCTURAL = set('\n\r"\t ,;\0')


def flip_bytes(text, rng):
    raw, fields, structure = bytearray(text.raw), [], False
    for _ in range(rng.choice([1, 1, 1, 3])):
        at = rng.randrange(len(raw))
        line, field, separates = text.locate(at)
        raw[at] ^= rng.randrange(1, 256) if rng.random() < 0.5 else 1 << rng.randrange(7)
        structure |= separates or chr(raw[at]) in STRUCTURAL
        fields += [(line, field)] + [(line + 1, 0)] * separates
    return Damage(bytes(raw), **text.touched(*fields, structure=structure))


def cut_end(text, rng):
    at = rng.randrange(len(text.raw))
    line, field, _ = text.locate(at)
    rows = frozenset(range(max(0, text.row(line)), len(text.lines)))
    return Damage(text.raw[:at], rows=rows, all=line == 0 and text.form.header, times=True)


def splice_bytes(text, rng):
    """Remove or repeat a range of bytes."""
    at, size = rng.randrange(len(text.raw)), rng.randrange(1, 200)
    stop = min(at + size, len(text.raw) - 1)
    inserted = text.raw[at:stop] * rng.choice([0, 2])
    first, last = text.locate(at)[0], text.locate(stop)[0]
    rows = frozenset(text.row(line) for line in range(first, last + 1))
    raw = text.raw[:at] + inserted + text.raw[stop:]
    return Damage(raw, rows=rows, all=first == 0 and text.form.header, times=True)


def join_lines(lines):
    return ("\n".join(lines) + "\n").encode()


def repeat_line(text, rng):
    """Repeat a row, or the line of names, in place or elsewhere."""
    line, to = rng.randrange(len(text.lines)), rng.randrange(len(text.lines))
    to = line if rng.random() < 0.5 else to
    lines = [*text.lines[:to], *[text.lines[line]] * rng.choice([1, 1, 3]), *text.lines[to:]]
    return Damage(join_lines(lines), rows=frozenset({NEW_ROW}), times=True, all=text.form.header and to == 0)


def remove_part(text, rng):
    """Remove rows, a column, or a field of some lines."""
    lines = list(text.lines)
    if rng.random() < 0.3:
        removed = {rng.randrange(1, len(lines)) for _ in range(rng.choice([1, 4]))}
        kept = [line for k, line in enumerate(lines) if k not in removed]
        return Damage(join_lines(kept), rows=frozenset(text.row(k) for k in removed), times=True)
    sep = text.form.sep
    fields = [line.split(sep) for line in lines]
    at = rng.randrange(len(fields[0]))
    chosen = set(range(len(lines))) if rng.random() < 0.7 else {rng.randrange(len(lines))}
    lines = [
        sep.join(field for k, field in enumerate(line) if k != at or n not in chosen) for n, line in enumerate(fields)
    ]
    touched = text.touched(*[(n, at) for n in chosen], structure=len(chosen) == 1)
    return Damage(join_lines(lines), **{**touched, "columns": frozenset({at}), "times": True})


def replace_number(text, rng):
    lines = [line.split(text.form.sep) for line in text.lines]
    line, field = rng.randrange(text.form.header, len(lines)), rng.randrange(len(lines[0]))
    lines[line][field] = rng.choice(UNUSUAL_NUMBERS)
    structure = text.form.sep in lines[line][field]
    return Damage(join_lines(map(text.form.sep.join, lines)), **text.touched((line, field), structure=structure))


def change_encoding(text, rng):
    plain = text.raw.decode()
    wrong = [
        lambda: plain.encode("utf-16"),
        lambda: plain.encode("utf-16-le"),
        lambda: plain.encode("utf-32"),
        lambda: plain.encode("cp037"),
        lambda: plain.replace("1", "é", 1).encode("latin-1"),
        lambda: plain.replace("\n", "\0\n", 1).encode(),
        lambda: b"\xff\xfe" + text.raw,
        lambda: b"\x1f\x8b\x08" + text.raw,
    ]
    harmless = [
        lambda: plain.encode("utf-8-sig"),
        lambda: plain.replace("\n", "\r\n").encode(),
        lambda: plain.replace("\n", "\r").encode(),
    ]
    if rng.random() < 0.3:
        return Damage(rng.choice(harmless)())
    return Damage(rng.choice(wrong)(), all=True)


def widen(text, rng):
    """Add 10⁵ columns: everywhere, to the names only, or to one row only."""
    sep, lines = text.form.sep, text.lines
    name = rng.choice(["w{}", "w"])
    names = sep.join(name.format(k) for k in range(N_WIDE))
    zeros = sep.join("0" * N_WIDE)
    which = rng.choice(["all", "names", "row"])
    chosen = {"all": range(len(lines)), "names": [0], "row": [len(lines) - 1]}[which]
    added = {k: names if k == 0 and text.form.header else zeros for k in chosen}
    wide = [f"{line}{sep}{added[k]}" if k in added else line for k, line in enumerate(lines)]
    return Damage(join_lines(wide), rows=frozenset(text.row(k) for k in chosen) if which == "row" else frozenset())


TEXT_MUTATIONS = (
    *(flip_bytes, flip_bytes, flip_bytes, cut_end, splice_bytes, repeat_line, remove_part),
    *(replace_number, replace_number, change_encoding),
)


# --- mutations of binary files


def damage_bytes(raw, rng):
    """(mutated bytes, first touched byte, end of the touched bytes); a cut or a shift touches all bytes after it."""
    at = rng.randrange(len(raw))
    kind = rng.choice(["flip", "flip", "flip", "cut", "zero", "gone", "twice"])
    if kind == "flip":
        damaged = bytearray(raw)
        damaged[at] ^= 1 << rng.randrange(8)
        return bytes(damaged), at, at + 1
    size = rng.randrange(1, 100)
    middle = {"cut": None, "zero": bytes(min(size, len(raw) - at)), "gone": b"", "twice": raw[at : at + size] * 2}[kind]
    if middle is None:
        return raw[:at], at, len(raw)
    return raw[:at] + middle + raw[at + size :], at, at + size if kind == "zero" else len(raw)


def uncompressed_arrays(raw, before):
    """{(start, stop): (array, bytes of an element)} for the arrays that a NetCDF file stores uncompressed."""
    width = max(map(len, before.signal.values))
    letters = before.signal.values.astype(f"S{width}").tobytes()
    found = {}
    for name, stored, size in (
        ("time", before.time.values.astype("<f8").tobytes(), 8),
        ("time", before.time.values.astype(">f8").tobytes(), 8),
        ("signal", letters, width),
        ("values", before.values.astype(">f8").tobytes(), 8),
    ):
        start = raw.find(stored)
        if start >= 0:
            found[start, start + len(stored)] = (name, size)
    return found


def mutate_binary(form, raw, before, rng):
    damaged, first, last = damage_bytes(raw, rng)
    if form.name == "any.parquet":
        return Damage(damaged, columns=frozenset(touched_parquet_columns(raw, first, last)), times=True)
    columns, cells, times = set(), set(), False
    arrays = uncompressed_arrays(raw, before)
    for (start, stop), (name, size) in arrays.items():
        elements = {(byte - start) // size for byte in range(max(first, start), min(last, stop))}
        if name == "time":
            times |= bool(elements)
        elif name == "signal":
            columns |= elements
        else:
            cells |= {(k // N_SIGNALS, k % N_SIGNALS) for k in elements}
    in_header = form.name == "three.nc" and first < min(start for start, _ in arrays)
    is_shifted = last == len(raw) != first + 1
    return Damage(damaged, columns=frozenset(columns), cells=frozenset(cells), all=in_header or is_shifted, times=times)


def touched_parquet_columns(raw, first, last):
    import pyarrow.parquet as pq

    group = pq.ParquetFile(io.BytesIO(raw)).metadata.row_group(0)
    for k in range(group.num_columns):
        chunk = group.column(k)
        start = min(filter(None, [chunk.data_page_offset, chunk.dictionary_page_offset]))
        if first < start + chunk.total_compressed_size and last > start:
            yield k


def mutate(form, raw, before, seed):
    rng = random.Random(seed)
    if form.sep is None:
        return mutate_binary(form, raw, before, rng)
    text = Text(raw, raw.decode().removesuffix("\n").split("\n"), form)
    mutation = widen if seed % 141 == 7 else rng.choice(TEXT_MUTATIONS)
    return mutation(text, rng)


# --- checking the outcome


def message_fault(error, form):
    """What is wrong with an error; '' if its type and message are good."""
    if type(error) not in (ValueError, OSError, FileNotFoundError):
        return f"expected ValueError or OSError, got {type(error).__name__}: {error}"
    text = str(error)
    has_words = len(re.findall(r"[a-z]{2,}", text)) >= 4
    if not has_words or not text.startswith((form.name, "open_netcdf(): " + form.name, "clip", "/")):
        return f"expected a sentence that names the file, got: {text}"
    if len(text) > MAX_MESSAGE:
        return f"expected at most {MAX_MESSAGE} characters, got {len(text)}: {text[:300]}"
    return ""


def is_subsequence(expected, found):
    remaining = iter(found)
    return all(value in remaining for value in expected)


def value_fault(before, after, damage, columns):
    """How a cell that was not touched changed; '' if none did. `columns`: column of the file by signal."""
    if damage.all:
        return ""
    if not damage.times and not np.array_equal(after.time, before.time):
        return f"times changed: {before.time.values} to {after.time.values}"
    rows = np.flatnonzero(before.notnull().all("signal"))
    after_names = after.signal.values.tolist()
    for k, name in enumerate(before.signal.values.tolist()):
        column = columns.get(name, k)
        if column in damage.columns or column - 1 in damage.columns:
            continue
        if name not in after_names:
            return f"{name} is missing"
        kept = [r for n, r in enumerate(rows) if n not in damage.rows and (n, column) not in damage.cells]
        expected = before.values[kept, k].tolist()
        most = len(rows) + 3 * (NEW_ROW in damage.rows) + 200 * bool(damage.rows and damage.times)
        # damage to the name of another column may have given it this name: then there are two
        same_name = [after.values[:, n] for n, own in enumerate(after_names) if own == name]
        candidates = [numbers[~np.isnan(numbers)].tolist() for numbers in same_name]
        if not any(is_subsequence(expected, found) and len(found) <= most for found in candidates):
            return f"{name}: {expected} became {candidates}"
    return ""


def columns_by_signal(form, raw, before):
    """The column of the file that holds each signal."""
    if form.name == "any.parquet":
        return {f"s{k}": k + 1 for k in range(N_SIGNALS)}
    if form.sep is None or not form.header:
        return {}
    names = raw.decode().split("\n")[0].split(form.sep)
    renamed = {name: f"pose_{name}" for name in ("Tx", "Ty", "Tz", "Rx", "Ry", "Rz")}
    renamed |= dict(zip("xywh", trackers.PYFEAT_BOX, strict=True))
    signals = before.signal.values.tolist()
    return {name: names.index(name if name in names else renamed.get(name, name)) for name in signals}


def outcome(form, file, before, raw, columns, seed):
    """(state, message) of one mutation; the state is 'refused', 'read' or 'fault'."""
    damage = mutate(form, raw, before, seed)
    file.write_bytes(damage.raw)
    started = time.perf_counter()
    signal.alarm(MAX_SECONDS + 1)  # ends the process
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            after = form.read(file)
        except MemoryError as error:
            return "fault", f"it takes more than {MAX_BYTES} bytes: {error}"
        except Exception as error:
            fault = message_fault(error, form)
            return ("fault", fault) if fault else ("refused", str(error)[:200])
        finally:
            signal.alarm(0)
    unexpected = [str(one.message) for one in caught if not issubclass(one.category, UserWarning)]
    fault = f"it warns: {unexpected[0]}" if unexpected else value_fault(before, after, damage, columns)
    if time.perf_counter() - started > MAX_SECONDS:
        fault = f"it takes {time.perf_counter() - started:.1f} s"
    return ("fault", fault) if fault else ("read", "")


# --- child processes


def run_share(share, shares, first):
    """Run this process's share of the mutations from number `first` on, with a line of JSON before and after each."""
    with tempfile.TemporaryDirectory() as folder:
        files = []
        for k, form in enumerate(FORMATS):
            file = Path(folder, str(k), form.name)
            file.parent.mkdir()
            form.make(file)
            if form.make_companion:
                form.make_companion(file)
            before = form.read(file)
            raw = file.read_bytes()
            files.append((form, file, before, raw, columns_by_signal(form, raw, before)))
        used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + MAX_BYTES, used + MAX_BYTES))
        for seed in range(N_MUTATIONS):
            if seed < first or seed % shares != share:
                continue
            print(json.dumps([seed]), flush=True)
            chosen = files[seed // shares % len(files)]
            print(json.dumps([seed, chosen[0].name, *outcome(*chosen, seed)]), flush=True)


def outcomes(share, shares):
    """[number, file, state, message] of each mutation in a share; a process that dies is a fault of its mutation."""
    first, deaths = 0, 0
    while deaths < 5:
        command = [sys.executable, __file__, *map(str, (share, shares, first))]
        env = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}  # includes the folder of `trackers`
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, env=env)
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        yield from (line for line in lines if len(line) > 1)
        if done.returncode == 0:
            return
        at = lines[-1][0] if lines else first
        yield [at, "", "fault", f"the process died ({done.returncode}): {done.stderr[-500:]}"]
        first, deaths = at + 1, deaths + 1


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="the memory limit needs Linux")
def test_damage_is_refused_or_changes_only_the_cells_that_it_touches():
    with ThreadPoolExecutor(2) as pool:
        results = [one for own in pool.map(lambda share: list(outcomes(share, 2)), range(2)) for one in own]
    faults = [one for one in results if one[2] == "fault"]
    assert not faults, f"{len(faults)} faults\n" + "\n".join(map(str, faults[:20]))
    assert len({one[0] for one in results}) == N_MUTATIONS
    counts = Counter(one[2] for one in results)
    assert min(counts["read"], counts["refused"]) > N_MUTATIONS / 10, counts


if __name__ == "__main__":
    run_share(*map(int, sys.argv[1:]))
