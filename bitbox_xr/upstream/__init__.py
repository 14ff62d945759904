"""What the package uses of numba, xarray and dask that these do not promise to keep, a module for each library.

Nothing else in the package touches such names. Each stands here with its reason, and `tests/upstream` checks that it
exists and does what is relied on, so that an upgrade fails there first. Modules are separate because kernels, which
import numba's, may import neither xarray nor dask.
"""
