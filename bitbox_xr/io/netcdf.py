"""NetCDF out and back: `to_netcdf()` and `open_netcdf()`.

A file is written beside its place and renamed, so that it appears whole or not at all. Every touch of the library,
lazy reads included, is made under one lock (`bitbox_xr.locks`).
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from bitbox_xr.core import validation
from bitbox_xr.core.types import Engine
from bitbox_xr.io import backing
from bitbox_xr.io.locks import LOCK, FileLock, unreadable
from bitbox_xr.io.netcdf_encoding import CONVENTIONS, MARK, NAME, encoded
from bitbox_xr.io.unpacked_size import bounded
from bitbox_xr.upstream.xarray_internals import ArrayWriter, new_file

__all__ = ["LOCK", "PART", "destination", "open_netcdf", "replacing", "to_netcdf"]

LONGEST = 255  # bytes of a file's name that most file systems allow
PART = ".part"  # how the names of folders end in which files are made
SHOWN = 40  # letters of a file's name that the name of such a folder tells


def to_netcdf(obj: xr.DataArray | xr.Dataset, path: str | os.PathLike[str], *, engine: Engine = "netcdf4") -> None:
    """Write a signal set or a measure as NetCDF, whole or not at all.

    Parameters
    ----------
    obj
        DataArray or Dataset of real numbers, booleans and text, with any dimensions. What is on dask is computed
        chunk by chunk on this machine's threads and never held as a whole (but by the engine scipy, which keeps
        a file in memory until it is closed).
    path
        The file (`~` is the home folder). One that is there is replaced in a single step once the new one is
        complete; whoever has the old one open goes on reading it (Windows refuses to replace an open file). Until
        then the new one is in a folder of its own beside it, `<beginning of the name>.<random>.part`, which stays
        behind where the process is killed. Of several that are written to one name at once, the last to be complete
        stays.
    engine
        `netcdf4`, `h5netcdf` (both NetCDF-4: floats compressed, zlib level 1 with shuffle) or `scipy` (NetCDF-3:
        no compression; integers, also 64-bit ones, become 32-bit, and those that do not fit are refused).

    Notes
    -----
    Text is written as characters of fixed width, times as seconds, no coordinate has a `_FillValue`: R and
    other NetCDF readers take such files as they are. Attributes are text, 32-bit integers or floats. Two equal
    objects in memory give two equal files, byte for byte; chunks of dask are stored as they are finished, so that
    there the values are equal, the layout of the file perhaps not. A DataArray is one variable of its own name, or
    `values` where it has none or that of a coordinate (`landmark`).

    Raises
    ------
    TypeError
        For all that no NetCDF file can hold, attributes by their names, before anything is written.
    OSError
        Where the folder is missing or cannot be written to.
    ValueError
        For another engine; for a file from which dask reads values of `obj`: `.load()` it first.

    Examples
    --------
    >>> import tempfile
    >>> from bitbox_xr import signals
    >>> x = signals([[0.0, 1.0], [0.5, 1.0]], fps=30, names=["AU04", "AU12"])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     to_netcdf(x, f"{folder}/x.nc")
    ...     back = open_netcdf(f"{folder}/x.nc").load()
    ...     back.close()
    >>> back.identical(x)
    True
    """
    _check_engine("to_netcdf()", engine)
    target = destination(path)
    backing.detach("to_netcdf()", obj, target)
    data = encoded(obj, engine)
    with replacing(target) as file:
        _write(data, file, engine)


@contextmanager
def replacing(target: Path, parts: Path | None = None) -> Iterator[Path]:
    """Where to write a file that replaces `target` once it is complete: in a folder of its own.

    That is made in `parts`, a folder on the same file system, or beside `target`.
    """
    stem = target.stem[:SHOWN] + "."
    with tempfile.TemporaryDirectory(prefix=stem, suffix=PART, dir=parts or target.parent) as folder:
        file = Path(folder, target.name)
        yield file
        os.replace(file, target)


def _check_engine(function: str, engine: object) -> None:
    if engine not in ("netcdf4", "h5netcdf", "scipy"):
        raise ValueError(f"{function}: engine is {engine!r}; netcdf4, h5netcdf or scipy is wanted")


def destination(path: str | os.PathLike[str]) -> Path:
    """`path` as one where a file can stand: to be asked before a long computation. OSError where none can."""
    target = validation.path_of("to_netcdf()", path)
    if len(os.fsencode(target.name)) > LONGEST:
        raise OSError(f"{target.name[:40]}… is too long a name; at most {LONGEST} bytes are wanted")
    if target.is_dir():
        raise IsADirectoryError(f"{target} is a folder; the name of a file is wanted")
    if not target.parent.is_dir():
        raise FileNotFoundError(f"there is no folder {target.parent} for {target.name}; make it first")
    if target.exists() and not target.is_file():  # a device or pipe would be replaced by the file
        raise FileExistsError(f"{target} is no file that could be replaced; the name of a file is wanted")
    return target


def open_netcdf(path: str | os.PathLike[str], *, chunks: Any = None, engine: Engine = "netcdf4") -> Any:
    """Open what `to_netcdf()` wrote: a DataArray where it was given one, a Dataset otherwise.

    Parameters
    ----------
    path
        The file; `~` is the home folder.
    chunks
        A size for each dimension, `{"window": 100}`, or `"auto"`: the values come on dask. By default they do not.
    engine
        `netcdf4`, which reads what each of the three wrote, `h5netcdf` or `scipy`.

    Returns
    -------
    DataArray or Dataset
        What was written: seconds as float, text as `str`, attributes as `str`, `int` and `float`. Values are read
        when they are used, from any number of threads; `.load()` reads all of them, `.close()` lets go of the file,
        and so does `with open_netcdf(path) as result:`. Other NetCDF files open as Datasets, times in their own unit.

    Raises
    ------
    OSError
        Where there is no such file (FileNotFoundError), or it is no NetCDF; where it is damaged, at once or when its
        values are read. What NetCDF-4 compresses or describes has checksums; NetCDF-3 has none.
    MemoryError
        Where a file would unpack to more memory than is available, before it is read: `chunks` opens it in pieces.
    ValueError
        For another engine.

    Examples
    --------
    >>> import tempfile
    >>> from bitbox_xr import signals
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     to_netcdf(signals([[0.0, 1.0], [0.5, 1.0]], fps=30, names=["AU04", "AU12"]), f"{folder}/x.nc")
    ...     with open_netcdf(f"{folder}/x.nc") as x:
    ...         x.sel(signal="AU04").values
    array([0. , 0.5])
    """
    file = validation.path_of("open_netcdf()", path)
    _check_engine("open_netcdf()", engine)
    if not file.is_file():
        raise FileNotFoundError(f"open_netcdf(): there is no file {file}")
    try:
        _check_length(file)
        with LOCK:
            source = _opened(file, engine, cache=chunks is None)
            data = _decoded(bounded(source, file.name, lazy=chunks is not None))
    except (ImportError, MemoryError):
        raise
    except Exception as error:  # of whatever kind: the libraries have many for what damage makes of a file
        raise OSError(f"open_netcdf(): {unreadable(file.name, error.__cause__ or error)}") from error
    mark = data.attrs.pop(MARK, None)
    if mark is not None and data.attrs.get("Conventions") == CONVENTIONS:
        del data.attrs["Conventions"]
    if chunks is not None:
        try:
            data = data.chunk(chunks)
        except Exception as error:  # of whatever kind: dask has many for sizes that cannot be
            source.close()
            raise ValueError(
                f"open_netcdf(): chunks is {chunks!r} ({error}); 'auto', or sizes of {validation.listed(data.dims)}, "
                "{dimension: frames}, are wanted"
            ) from error
    given_back: Any = data
    if mark == "DataArray":
        name = data.attrs.pop(NAME, "")
        if len(data.data_vars) != 1:
            source.close()
            raise unreadable(file.name, ValueError(f"{len(data.data_vars)} variables where one is wanted"))
        given_back = data[next(iter(data.data_vars))].rename(name or None)
    given_back.set_close(source.close)
    return given_back


# --- writing


def _write(data: xr.Dataset, part: Path, engine: str) -> None:
    writer = ArrayWriter()
    with LOCK:
        store = new_file(str(part), engine, LOCK)
    try:
        with LOCK, _chunks_let_go():
            data.dump_to_store(store, writer=writer)
        if writer.sources:
            _stream(writer)
    finally:
        with LOCK:
            store.close()


@contextmanager
def _chunks_let_go() -> Iterator[None]:
    """Variables made here keep no chunks in memory once these are written; the library would keep 64 MB of each."""
    import netCDF4

    before = netCDF4.get_chunk_cache()
    netCDF4.set_chunk_cache(2**20, before[1], before[2])
    try:
        yield
    finally:
        netCDF4.set_chunk_cache(*before)


def _stream(writer: ArrayWriter) -> None:
    """Compute what is on dask and store each chunk: each takes the lock by itself, so it must not be held here."""
    import dask

    # threads: a file that is being written cannot be shared with other processes
    with dask.config.set(scheduler="threads"):
        writer.sync()


# --- reading


def _check_length(file: Path) -> None:
    """ValueError where a NetCDF-3 file is shorter than it says: the NetCDF library would read zeros beyond its end."""
    with file.open("rb") as stream:
        if stream.read(4) not in (b"CDF\x01", b"CDF\x02"):
            return
    from scipy.io import netcdf_file

    netcdf_file(file, mmap=True).close()


def _opened(file: Path, engine: str, *, cache: bool) -> xr.Dataset:
    plain: Any = {"decode_times": False, "decode_timedelta": False, "create_default_indexes": False}
    return xr.open_dataset(file, engine=engine, cache=cache, lock=FileLock(file.name), **plain)


def _decoded(source: xr.Dataset) -> xr.Dataset:
    """Labels as `str`, where NetCDF gives objects, and attributes as the text, int or float that they were."""
    data = source.copy()
    for name, variable in data.variables.items():
        if variable.dtype == object:
            data[name] = xr.Variable(variable.dims, variable.values.astype(str), variable.attrs)
    data.attrs = {key: _plain(value) for key, value in data.attrs.items()}
    for variable in data.variables.values():
        variable.attrs = {key: _plain(value) for key, value in variable.attrs.items()}
    return data


def _plain(value: object) -> Any:
    return value.item() if isinstance(value, np.ndarray | np.generic) and value.size == 1 else value
