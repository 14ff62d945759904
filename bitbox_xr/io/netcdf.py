"""Writing and opening NetCDF files: `to_netcdf()` and `open_netcdf()`.

A file is written in a temporary folder and then renamed, so it appears complete or not at all. Every call of the NetCDF
library, lazy reads included, is guarded by one lock (`bitbox_xr.io.locks`).
"""

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np
import xarray as xr

from bitbox_xr.core import validation
from bitbox_xr.core.types import Engine
from bitbox_xr.io import backing
from bitbox_xr.io.lag_packing import NotWholeFrames, is_packed, unpack
from bitbox_xr.io.locks import LOCK, FileLock, unreadable
from bitbox_xr.io.netcdf_encoding import CONVENTIONS, NAME_ATTRIBUTE, TYPE_ATTRIBUTE, encode
from bitbox_xr.io.unpacked_size import index_if_it_fits
from bitbox_xr.upstream.xarray_internals import ArrayWriter, new_file

__all__ = ["LOCK", "PART", "decode_attribute", "destination", "open_netcdf", "replacing", "to_netcdf"]

MAX_NAME_BYTES = 255  # the limit of most file systems for a file name
PART = ".part"  # suffix of the temporary folders in which files are written
MAX_STEM_CHARACTERS = 40  # characters of the file name that the name of its temporary folder repeats
CHUNK_CACHE_BYTES = 2**20

Chunks: TypeAlias = int | Literal["auto"] | Mapping[Any, Any]  # of dask, such as {"window": 100}


def to_netcdf(obj: xr.DataArray | xr.Dataset, path: str | os.PathLike[str], *, engine: Engine = "netcdf4") -> None:
    """Write signals or the result of a measure to a NetCDF file.

    The file appears only when it is complete.

    Parameters
    ----------
    obj
        DataArray or Dataset of real numbers, booleans or text, with any dimensions. Values on dask are computed chunk
        by chunk on the threads of this machine and are never in memory as a whole (except with the engine `scipy`,
        which keeps a file in memory until it is closed).
    path
        The file to write (`~` is the home folder). An existing file is replaced in a single step once the new one is
        complete. A program that has the old file open continues to read the old values (Windows refuses to replace an
        open file). The new file is written in a temporary folder next to `path`, named
        `<beginning of the name>.<random>.part`. This folder remains if the process is killed. If several processes
        write to the same path, the file that is completed last remains.
    engine
        `netcdf4` or `h5netcdf` (both NetCDF-4: floats are compressed with zlib level 1 and shuffle, except the
        correlations of windows, which hardly shrink and are stored plainly with checksums), or `scipy` (NetCDF-3: no
        compression; integers are stored with 32 bits, and integers that do not fit are refused).

    Raises
    ------
    TypeError
        If `obj` contains anything that NetCDF cannot store. The message lists all of it, attributes by their names.
        Nothing is written.
    OSError
        If the folder does not exist or is not writable.
    ValueError
        For an unknown engine, or if dask reads values of `obj` from the file that would be replaced; call `.load()`
        first.

    Notes
    -----
    Text is stored as characters of fixed width, times as seconds, and coordinates have no `_FillValue`, so R and other
    NetCDF readers can read the file. Attributes are text, 32-bit integers or floats. A DataArray becomes one variable
    with its own name, or `values` if it has no name or the name of a coordinate (such as `landmark`).

    The lags of windows are stored as whole frames in integers of 8 or 16 bits. Their attribute `scale_factor` is the
    length of a frame in seconds, by which other readers multiply them. `open_netcdf` returns the float32 seconds that
    were written, bit for bit.

    Two equal objects in memory give two identical files, byte for byte. Chunks on dask are stored in the order in which
    they are computed: the values are equal, but the bytes of the files can differ.

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
    with replacing(target) as file:
        try:
            _write(encode(obj, engine), file, engine)
        except NotWholeFrames:  # lags that were changed, such as their running means
            _write(encode(obj, engine, packing=False), file, engine)


@contextmanager
def replacing(target: Path, parts: Path | None = None) -> Iterator[Path]:
    """Yield a path in a temporary folder; a file written there replaces `target` when the block ends without error.

    The temporary folder is made in `parts`, a folder on the same file system, or next to `target`.
    """
    stem = target.stem[:MAX_STEM_CHARACTERS] + "."
    with tempfile.TemporaryDirectory(prefix=stem, suffix=PART, dir=parts or target.parent) as folder:
        file = Path(folder, target.name)
        yield file
        os.replace(file, target)


def _check_engine(function: str, engine: object) -> None:
    if engine not in ("netcdf4", "h5netcdf", "scipy"):
        raise ValueError(f"{function}: expected engine to be netcdf4, h5netcdf or scipy, got {engine!r}")


def destination(path: str | os.PathLike[str]) -> Path:
    """Return `path` as a Path, or raise OSError if no file can be written there. Call it before a long computation."""
    target = validation.path_of("to_netcdf()", path)
    size = len(os.fsencode(target.name))
    if size > MAX_NAME_BYTES:
        raise OSError(
            f"expected a file name of at most {MAX_NAME_BYTES} bytes, got {size} bytes ({target.name[:40]}…); choose a "
            "shorter name"
        )
    if target.is_dir():
        raise IsADirectoryError(f"expected the name of a file, got the folder {target}; add a file name")
    if not target.parent.is_dir():
        raise FileNotFoundError(
            f"expected an existing folder for {target.name}, got {target.parent}, which does not exist; create it first"
        )
    if target.exists() and not target.is_file():  # a device or pipe would be replaced by the file
        raise FileExistsError(f"expected a regular file or a new name, got {target}, which is neither; choose another")
    if target.exists() and not os.access(target, os.W_OK):  # a rename would replace it all the same
        raise PermissionError(f"expected a file that may be replaced, got {target}, which is read-only; choose another")
    return target


def open_netcdf(
    path: str | os.PathLike[str],
    *,
    chunks: Chunks | None = None,
    engine: Engine = "netcdf4",
) -> Any:  # DataArray or Dataset, as the file says
    """Open a file that `to_netcdf()` wrote. Values are read when they are used.

    Parameters
    ----------
    path
        The file; `~` is the home folder.
    chunks
        A size for each dimension, such as `{"window": 100}`, or `"auto"`: the values are on dask. By default they are
        not.
    engine
        `netcdf4`, which reads the files of all three engines, `h5netcdf` or `scipy`.

    Returns
    -------
    DataArray or Dataset
        The type that was written: seconds as float, text as `str`, attributes as `str`, `int` and `float`. Any number
        of threads can read values. `.load()` reads all values, `.close()` closes the file; so does
        `with open_netcdf(path) as result:` at its end. Other NetCDF files open as Datasets, with times in the unit of
        the file.

    Raises
    ------
    OSError
        If the file does not exist (FileNotFoundError), or is damaged or no NetCDF file. Some damage is found only when
        values are read: NetCDF-4 has checksums for compressed values and for its structure, NetCDF-3 has none.
    MemoryError
        If the file would unpack to more than the available memory; `chunks` opens it in pieces. Nothing is read.
    ValueError
        For an unknown engine, or chunks that do not fit the dimensions.

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
        raise FileNotFoundError(f"open_netcdf(): expected an existing file, got {file}; check the path")
    try:
        _check_length(file)
        with LOCK:
            source = _open(file, engine, cache=chunks is None)
            data = _decode(index_if_it_fits(source, file.name, lazy=chunks is not None))
    except (ImportError, MemoryError):
        raise
    except Exception as error:  # a damaged file can make the libraries raise any exception
        raise OSError(f"open_netcdf(): {unreadable(file.name, error.__cause__ or error)}") from error
    written_type = data.attrs.pop(TYPE_ATTRIBUTE, None)
    if written_type is not None and data.attrs.get("Conventions") == CONVENTIONS:
        del data.attrs["Conventions"]
    try:
        if chunks is not None:
            data = _chunk(data, chunks)
        opened: Any = _single_variable(data, file.name) if written_type == "DataArray" else data
    except Exception:
        source.close()
        raise
    opened.set_close(source.close)
    return opened


def _chunk(data: xr.Dataset, chunks: Chunks) -> xr.Dataset:
    try:
        return data.chunk(chunks)
    except Exception as error:  # dask raises many types for impossible sizes
        raise ValueError(
            f"open_netcdf(): expected chunks to be 'auto' or {{dimension: size}} for the dimensions "
            f"{validation.listed(data.dims)}, got {chunks!r} ({error})"
        ) from error


def _single_variable(data: xr.Dataset, file: str) -> xr.DataArray:
    """The DataArray that was written, under its own name."""
    name = data.attrs.pop(NAME_ATTRIBUTE, "")
    if len(data.data_vars) != 1:
        raise unreadable(file, ValueError(f"it should hold one variable and holds {len(data.data_vars)}"))
    return data[next(iter(data.data_vars))].rename(name or None)


# --- writing


def _write(data: xr.Dataset, part: Path, engine: str) -> None:
    writer = ArrayWriter()
    with LOCK:
        store = new_file(str(part), engine, LOCK)
    try:
        with LOCK, _small_chunk_cache():
            data.dump_to_store(store, writer=writer)
        if writer.sources:
            _store_dask_chunks(writer)
    finally:
        with LOCK:
            store.close()


@contextmanager
def _small_chunk_cache() -> Iterator[None]:
    """Keep few written chunks of new variables in memory; by default the library keeps 64 MB of each variable."""
    import netCDF4

    before = netCDF4.get_chunk_cache()
    netCDF4.set_chunk_cache(CHUNK_CACHE_BYTES, before[1], before[2])
    try:
        yield
    finally:
        netCDF4.set_chunk_cache(*before)


def _store_dask_chunks(writer: ArrayWriter) -> None:
    """Compute and store the chunks on dask. Each write acquires the lock, so the caller must not hold it."""
    import dask

    # threads, because other processes cannot write to the same open file
    with dask.config.set(scheduler="threads"):
        writer.sync()


# --- reading


def _check_length(file: Path) -> None:
    """ValueError for a truncated NetCDF-3 file: the NetCDF library would read zeros beyond its end."""
    with file.open("rb") as stream:
        if stream.read(4) not in (b"CDF\x01", b"CDF\x02"):
            return
    from scipy.io import netcdf_file

    netcdf_file(file, mmap=True).close()


def _open(file: Path, engine: str, *, cache: bool) -> xr.Dataset:
    plain: Any = {"decode_times": False, "decode_timedelta": False, "create_default_indexes": False}
    plain |= {"engine": engine, "cache": cache, "lock": FileLock(file.name)}
    source = xr.open_dataset(file, **plain)
    packed = [str(name) for name in source.data_vars if is_packed(source.variables[name])]
    if TYPE_ATTRIBUTE not in source.attrs or not packed:
        return source
    source.close()  # open it again with these variables as integers
    source = xr.open_dataset(file, mask_and_scale=dict.fromkeys(packed, False), **plain)
    opened = source.assign({name: unpack(source[name].variable) for name in packed})
    opened.set_close(source.close)
    return opened


def _decode(source: xr.Dataset) -> xr.Dataset:
    """Convert labels to `str`, which NetCDF returns as objects, and attributes to text, int or float as written."""
    data = source.copy()
    for name, variable in data.variables.items():
        if variable.dtype == object:
            data[name] = xr.Variable(variable.dims, variable.values.astype(str), variable.attrs)
    data.attrs = {key: decode_attribute(value) for key, value in data.attrs.items()}
    for variable in data.variables.values():
        variable.attrs = {key: decode_attribute(value) for key, value in variable.attrs.items()}
    return data


def decode_attribute(value: object) -> Any:
    """An attribute as text, int or float; libraries return numbers as arrays or numpy scalars."""
    return value.item() if isinstance(value, np.ndarray | np.generic) and value.size == 1 else value
