"""Damaged files: each of 2,000 mutations is refused in words, or every cell that it did not touch reads as before.

Mutations run in child processes (this file as a script), each file within 10 s and 1 GB, so that a crash of a library
or a runaway is seen as such. What a mutation touches is worked out from the undamaged bytes:

* in text, the cell that a byte lies in; with a separator, a line end or a quote the row (or two rows that it parts); in
  the line of names the column; with a row's time, number of frame, face, success or confidence the whole row;
* in Parquet the column in whose pages a byte lies;
* in NetCDF-4 the number or letter where that is stored plainly. What describes or compresses has checksums, so that
  damage there may touch nothing. NetCDF-3 has none: damage to its header may touch all.
"""

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
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest

import bitbox_xr as bx

import trackers

NUMBER, SECONDS, BYTES = 2000, 10, 2**30
ROWS = 16
HUGE = ["1e308", "-1e308", "1e400", "-1e999", "9" * 400, "1e-320", "0x10", "1_000", "1,5", "--1", "1e", "NaN(7)", "∞", "١٢", "1e5000", "+", "٫5", "1.2.3"]  # fmt: skip
WIDE = 100_000


class Damage(NamedTuple):
    """A mutated file, and what of it is touched: rows, columns, single cells, `all`, or the clock."""

    raw: bytes
    rows: frozenset = frozenset()
    columns: frozenset = frozenset()
    cells: frozenset = frozenset()
    all: bool = False
    clock: bool = False


class Format(NamedTuple):
    """How a file is made, opened and damaged. `governs`: columns that decide on whole rows, those that time them."""

    name: str
    make: Callable[[Path], None]
    read: Callable[[Path], object]
    sep: str | None = ","  # None: no text
    governs: tuple[str, ...] = ()
    times: tuple[str, ...] = ()
    header: bool = True
    also: Callable[[Path], None] | None = None  # what stands beside it, undamaged


# --- the files


def some(columns, *patterns):
    return {name: own for name, own in columns.items() if any(re.fullmatch(p, name) for p in patterns)}


def openface(version):
    return some(trackers.openface(ROWS, version=version), "frame|face_id|timestamp|confidence|success", r"pose_.*|AU.*")


def pyfeat(version):
    return some(trackers.pyfeat(ROWS, version=version), "Face.*|Pitch|Roll|Yaw|AU.*|frame|approx_time|Identity|input")


def table(path, *, sep=","):
    trackers.write(path, {"t": np.arange(ROWS) / 25, **{f"s{k}": trackers.ramp(ROWS, k) for k in range(6)}}, sep=sep)


def three_di(ending):
    width = trackers.THREE_DI_COLUMNS[ending]
    return lambda path: path.write_text("".join(" ".join(map(str, row)) + "\n" for row in trackers.ramps(ROWS, width)))


def labelled():
    return bx.signals(trackers.ramps(ROWS, 6), fps=30, names=trackers.UNITS_R[:6], source="clip.csv")


def opened(**options):
    return lambda path: bx.open_signals(path, **options).load()


def netcdf(**options):
    def read(path):
        with bx.open_netcdf(path, **options) as x:
            return x.load()

    return read


def of_recording(path):
    return bx.open_recording(path.with_name("clip.mp4"), fps=25)["rects"]


def twin(path):
    told = {"backend": "3DI", "command": "run x", "input": {"video": "/a/clip.mp4", "frames": 16}, "time": 1.5}
    path.with_suffix(".json").write_text(json.dumps(told))


FORMATS = (
    Format("of2.csv", lambda p: trackers.write(p, openface(2), sep=", "), opened(), sep=", ",
           governs=("frame", "face_id", "confidence", "success"), times=("timestamp",)),
    Format("of1.csv", lambda p: trackers.write(p, openface(1), sep=", "), opened(kind="pose", min_confidence=0.5), sep=", ",
           governs=("confidence", "success"), times=("timestamp",)),
    Format("ofn.csv", lambda p: trackers.write(p, openface(2)), opened(fps=30),
           governs=("face_id", "confidence", "success", "timestamp"), times=("frame",)),
    Format("pf0.csv", lambda p: trackers.write(p, pyfeat(0)), opened(fps=25), governs=("FaceScore",), times=("frame",)),
    Format("pf2.csv", lambda p: trackers.write(p, pyfeat(2)), opened(fps=25, kind="rectangle"),
           governs=("FaceScore", "Identity"), times=("frame",)),
    Format("live.csv", lambda p: trackers.write(p, trackers.live_link(ROWS), rows=[*range(5), *range(8, ROWS)]),
           opened(), times=("Timecode",)),
    Format("media.csv", lambda p: trackers.write(p, trackers.media_pipe(ROWS)),
           opened(time="timestamp_ms", time_unit="ms"), times=("timestamp_ms",)),
    Format("any.csv", table, opened(time="t"), times=("t",)),
    Format("any.tsv", lambda p: table(p, sep="\t"), opened(fps=25, columns=["s0", "s3", "s5"]), sep="\t"),
    Format("any.txt", lambda p: table(p, sep="  "), opened(time=0, sep=r"\s+"), sep="  ", times=("t",)),
    Format("clip_rects.3DI", three_di("rects"), opened(), sep=" ", header=False, also=twin),
    Format("clip_expression_localized.3DI", three_di("expression_localized"), opened(fps=25), sep=" ", header=False),
    Format("clip_landmarks.3DIl", three_di("landmarks"), opened(fps=25), sep=" ", header=False),
    Format("clip_rects.3DI", three_di("rects"), of_recording, sep=" ", header=False,
           also=lambda p: three_di("landmarks")(p.with_name("clip_landmarks.3DI"))),
    Format("any.parquet", lambda p: pd.DataFrame({"t": np.arange(ROWS) / 25, **{f"s{k}": trackers.ramp(ROWS, k) for k in range(6)}}).to_parquet(p),
           opened(time="t"), sep=None),
    Format("four.nc", lambda p: bx.to_netcdf(labelled(), p), opened(), sep=None),
    Format("chunked.nc", lambda p: bx.to_netcdf(labelled(), p, engine="h5netcdf"), netcdf(engine="h5netcdf"), sep=None),
    Format("three.nc", lambda p: bx.to_netcdf(labelled(), p, engine="scipy"), netcdf(), sep=None),
)  # fmt: skip


# --- their mutations


class Text(NamedTuple):
    """Lines of an undamaged file, and where each of their cells begins, in bytes."""

    raw: bytes
    lines: list[str]
    form: Format

    def place(self, at):
        """(line, field, is it between fields) of a byte."""
        line = self.raw.count(b"\n", 0, at)
        start = self.raw.rfind(b"\n", 0, at) + 1
        before = self.raw[start:at].decode()
        return line, len(before.split(self.form.sep)) - 1, chr(self.raw[at]) in f"{self.form.sep}\n "

    def row(self, line):
        return line - self.form.header

    def touched(self, *places, structure):
        """What is touched at (line, field) places; `structure`: the fields around them may have moved."""
        rows, columns, cells = set(), set(), set()
        clock = False
        for line, field in places:
            names = self.lines[0].split(self.form.sep) if self.form.header else []
            name = names[field] if field < len(names) else ""
            clock |= name in self.form.times or (structure and line > 0)
            if self.form.header and line == 0:
                columns |= {field, field + 1} if structure else {field}
                clock |= structure
            elif structure or name in self.form.governs + self.form.times:
                rows.add(self.row(line))
            else:
                cells.add((self.row(line), field))
        return {"rows": frozenset(rows), "columns": frozenset(columns), "cells": frozenset(cells), "clock": clock}


STRUCTURAL = set('\n\r"\t ,;\0')


def flipped(text, rng):
    raw, places, structure = bytearray(text.raw), [], False
    for _ in range(rng.choice([1, 1, 1, 3])):
        at = rng.randrange(len(raw))
        line, field, between = text.place(at)
        raw[at] ^= rng.randrange(1, 256) if rng.random() < 0.5 else 1 << rng.randrange(7)
        structure |= between or chr(raw[at]) in STRUCTURAL
        places += [(line, field)] + [(line + 1, 0)] * between
    return Damage(bytes(raw), **text.touched(*places, structure=structure))


def cut(text, rng):
    at = rng.randrange(len(text.raw))
    line, field, _ = text.place(at)
    rows = frozenset(range(max(0, text.row(line)), len(text.lines)))
    return Damage(text.raw[:at], rows=rows, all=line == 0 and text.form.header, clock=True)


def spliced(text, rng):
    """A stretch of bytes gone, or there twice."""
    at, size = rng.randrange(len(text.raw)), rng.randrange(1, 200)
    stop = min(at + size, len(text.raw) - 1)
    again = text.raw[at:stop] * rng.choice([0, 2])
    first, last = text.place(at)[0], text.place(stop)[0]
    rows = frozenset(text.row(line) for line in range(first, last + 1))
    return Damage(text.raw[:at] + again + text.raw[stop:], rows=rows, all=first == 0 and text.form.header, clock=True)


def joined(lines):
    return ("\n".join(lines) + "\n").encode()


def doubled(text, rng):
    """A row, or the names, once more; beside itself or elsewhere."""
    line, to = rng.randrange(len(text.lines)), rng.randrange(len(text.lines))
    to = line if rng.random() < 0.5 else to
    lines = [*text.lines[:to], *[text.lines[line]] * rng.choice([1, 1, 3]), *text.lines[to:]]
    return Damage(joined(lines), rows=frozenset({-9}), clock=True, all=text.form.header and to == 0)


def without(text, rng):
    """Rows gone, a column gone, or a field gone from some lines."""
    lines = list(text.lines)
    if rng.random() < 0.3:
        gone = {rng.randrange(1, len(lines)) for _ in range(rng.choice([1, 4]))}
        kept = [own for k, own in enumerate(lines) if k not in gone]
        return Damage(joined(kept), rows=frozenset(text.row(k) for k in gone), clock=True)
    sep = text.form.sep
    fields = [line.split(sep) for line in lines]
    at = rng.randrange(len(fields[0]))
    some_lines = set(range(len(lines))) if rng.random() < 0.7 else {rng.randrange(len(lines))}
    lines = [sep.join(f for k, f in enumerate(own) if k != at or n not in some_lines) for n, own in enumerate(fields)]
    places = [(n, at) for n in some_lines]
    touched = text.touched(*places, structure=len(some_lines) == 1)
    return Damage(joined(lines), **{**touched, "columns": frozenset({at}), "clock": True})


def renumbered(text, rng):
    lines = [line.split(text.form.sep) for line in text.lines]
    line, field = rng.randrange(text.form.header, len(lines)), rng.randrange(len(lines[0]))
    lines[line][field] = rng.choice(HUGE)
    structure = text.form.sep in lines[line][field]
    return Damage(joined(map(text.form.sep.join, lines)), **text.touched((line, field), structure=structure))


def encoded(text, rng):
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


def widened(text, rng):
    """10⁵ columns: everywhere, in the names only, in one row only."""
    sep, lines = text.form.sep, text.lines
    name = rng.choice(["w{}", "w"])
    more = sep.join(name.format(k) for k in range(WIDE))
    zeros = sep.join("0" * WIDE)
    which = rng.choice(["all", "names", "row"])
    chosen = {"all": range(len(lines)), "names": [0], "row": [len(lines) - 1]}[which]
    added = {k: more if k == 0 and text.form.header else zeros for k in chosen}
    wide = [f"{line}{sep}{added[k]}" if k in added else line for k, line in enumerate(lines)]
    return Damage(joined(wide), rows=frozenset(text.row(k) for k in chosen) if which == "row" else frozenset())


TEXT = (flipped, flipped, flipped, cut, spliced, doubled, without, renumbered, renumbered, encoded)


def bytes_damaged(raw, rng):
    """(mutated bytes, first and last byte touched; beyond a cut or a stretch moved all bytes are)."""
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


def plain_places(raw, before):
    """Where numbers and letters are stored as they are: byte, row or column, of the arrays that a file holds plainly."""
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


def binary(form, raw, before, rng):
    damaged, first, last = bytes_damaged(raw, rng)
    if form.name == "any.parquet":
        return Damage(damaged, columns=frozenset(parquet_columns(raw, first, last)), clock=True)
    rows, columns, cells, clock = set(), set(), set(), False
    places = plain_places(raw, before)
    for (start, stop), (name, size) in places.items():
        at = range(max(first, start), min(last, stop))
        where = {(byte - start) // size for byte in at}
        if name == "time":
            clock |= bool(where)
        elif name == "signal":
            columns |= where
        else:
            cells |= {(k // 6, k % 6) for k in where}
    header = form.name == "three.nc" and first < min(start for start, _ in places)
    return Damage(
        damaged, frozenset(rows), frozenset(columns), frozenset(cells), header or last == len(raw) != first + 1, clock
    )


def parquet_columns(raw, first, last):
    import io

    import pyarrow.parquet as pq

    group = pq.ParquetFile(io.BytesIO(raw)).metadata.row_group(0)
    for k in range(group.num_columns):
        chunk = group.column(k)
        start = min(filter(None, [chunk.data_page_offset, chunk.dictionary_page_offset]))
        if first < start + chunk.total_compressed_size and last > start:
            yield k


def damage(form, raw, before, seed):
    rng = random.Random(seed)
    if form.sep is None:
        return binary(form, raw, before, rng)
    text = Text(raw, raw.decode().removesuffix("\n").split("\n"), form)
    kind = widened if seed % 141 == 7 else rng.choice(TEXT)
    return kind(text, rng)


# --- what became of them


def found_fault(error, form):
    """What is wrong with a refusal; '' where it is in words."""
    if type(error) not in (ValueError, OSError, FileNotFoundError):
        return f"{type(error).__name__} is no ValueError or OSError: {error}"
    text = str(error)
    if len(re.findall(r"[a-z]{2,}", text)) < 4 or not text.startswith(
        (form.name, "open_netcdf(): " + form.name, "clip", "/")
    ):
        return f"it does not name the file, or is not in words: {text}"
    if len(text) > 2000:
        return f"{len(text)} characters are too many to read: {text[:300]}"
    return ""


def is_within(wanted, got):
    """Whether a sequence is part of another, in its order."""
    rest = iter(got)
    return all(value in rest for value in wanted)


def cell_fault(before, after, hurt, form, where):
    """A cell that was not touched and reads otherwise; '' where there is none. `where`: columns of the file by signal."""
    if hurt.all:
        return ""
    if not hurt.clock and not np.array_equal(after.time, before.time):
        return f"times changed: {before.time.values} to {after.time.values}"
    rows = np.flatnonzero(before.notnull().all("signal"))
    after_names = after.signal.values.tolist()
    for k, name in enumerate(before.signal.values.tolist()):
        column = where.get(name, k)
        if column in hurt.columns or column - 1 in hurt.columns:
            continue
        if name not in after_names:
            return f"{name} is gone"
        kept = [r for n, r in enumerate(rows) if n not in hurt.rows and (n, column) not in hurt.cells]
        wanted = before.values[kept, k].tolist()
        most = len(rows) + 3 * (-9 in hurt.rows) + 200 * bool(hurt.rows and hurt.clock)
        # damage to another's name may have made this one of it: then there are two
        every = [after.values[:, n] for n, own in enumerate(after_names) if own == name]
        every = [numbers[~np.isnan(numbers)].tolist() for numbers in every]
        if not any(is_within(wanted, got) and len(got) <= most for got in every):
            return f"{name}: {wanted} became {every}"
    return ""


def columns_of(form, raw, before):
    """Where each signal stands in the file."""
    if form.name == "any.parquet":
        return {f"s{k}": k + 1 for k in range(6)}
    if form.sep is None or not form.header:
        return {}
    names = raw.decode().split("\n")[0].split(form.sep)
    renamed = {"Tx": "pose_Tx", "Ty": "pose_Ty", "Tz": "pose_Tz", "Rx": "pose_Rx", "Ry": "pose_Ry", "Rz": "pose_Rz"}
    renamed |= dict(zip("xywh", trackers.PYFEAT_BOX, strict=True))
    own = [name if name in names else renamed.get(name, name) for name in before.signal.values.tolist()]
    return {name: names.index(of) for name, of in zip(before.signal.values.tolist(), own, strict=True)}


def tried(form, file, before, raw, where, seed):
    """What one mutation led to: 'refused', 'read', or a fault in words."""
    hurt = damage(form, raw, before, seed)
    file.write_bytes(hurt.raw)
    started = time.perf_counter()
    signal.alarm(SECONDS + 1)  # which ends the process
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        try:
            after = form.read(file)
        except MemoryError as error:
            return "fault", f"it takes more than {BYTES} bytes: {error}"
        except Exception as error:
            fault = found_fault(error, form)
            return ("fault", fault) if fault else ("refused", str(error)[:200])
        finally:
            signal.alarm(0)
    odd = [str(one.message) for one in heard if not issubclass(one.category, UserWarning)]
    fault = f"it warns: {odd[0]}" if odd else cell_fault(before, after, hurt, form, where)
    if time.perf_counter() - started > SECONDS:
        fault = f"it takes {time.perf_counter() - started:.1f} s"
    return ("fault", fault) if fault else ("read", "")


def child(share, shares, first):
    """Run this process's share of the mutations from `first` on; a line of JSON before and after each."""
    with tempfile.TemporaryDirectory() as folder:
        made = []
        for k, form in enumerate(FORMATS):
            file = Path(folder, str(k), form.name)
            file.parent.mkdir()
            form.make(file)
            if form.also:
                form.also(file)
            before = form.read(file)
            raw = file.read_bytes()
            made.append((form, file, before, raw, columns_of(form, raw, before)))
        used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + BYTES, used + BYTES))
        for seed in range(NUMBER):
            if seed < first or seed % shares != share:
                continue
            print(json.dumps([seed]), flush=True)
            state, said = tried(*made[seed // shares % len(made)], seed)
            print(json.dumps([seed, made[seed // shares % len(made)][0].name, state, said]), flush=True)


def outcomes(share, shares):
    """Lines of the children of a share; one that dies is a fault of the mutation it was at."""
    first, deaths = 0, 0
    while deaths < 5:
        command = [sys.executable, __file__, *map(str, (share, shares, first))]
        env = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}  # with the folder of `trackers`
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, env=env)
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        yield from (line for line in lines if len(line) > 1)
        if done.returncode == 0:
            return
        at = lines[-1][0] if lines else first
        yield [at, "", "fault", f"the process died ({done.returncode}): {done.stderr[-500:]}"]
        first, deaths = at + 1, deaths + 1


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory is limited by means of Linux")
def test_every_mutation_is_refused_in_words_or_leaves_untouched_cells_alone():
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(2) as pool:
        found = [one for own in pool.map(lambda share: list(outcomes(share, 2)), range(2)) for one in own]
    faults = [one for one in found if one[2] == "fault"]
    assert not faults, f"{len(faults)} faults\n" + "\n".join(map(str, faults[:20]))
    assert len({one[0] for one in found}) == NUMBER
    counts = Counter(one[2] for one in found)
    assert min(counts["read"], counts["refused"]) > NUMBER / 10, counts


if __name__ == "__main__":
    child(*map(int, sys.argv[1:]))
