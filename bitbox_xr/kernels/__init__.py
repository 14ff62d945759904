"""Numerical functions of plain arrays, in samples. They import neither xarray nor dask."""
