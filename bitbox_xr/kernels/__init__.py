"""Numbers: arrays in samples, without labels. Nothing here knows xarray or dask."""
