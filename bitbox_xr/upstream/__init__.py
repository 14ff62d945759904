"""Names of numba, xarray and dask that are not part of their public interface, one module for each library.

The rest of the package does not use such names. Each docstring gives the reason for its name. `tests/upstream` checks
that the name exists and behaves as needed, so that an incompatible upgrade fails there first. The modules are separate
because kernels import the module for numba, and kernels may import neither xarray nor dask.
"""
