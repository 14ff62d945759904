"""A scheduler of dask that counts how often it is asked: what is lazy asks it once, at the end."""

import dask


class Counting:
    """Computes as dask does on one thread."""

    def __init__(self):
        self.computes = 0

    def __call__(self, graph, keys, **kwargs):
        self.computes += 1
        return dask.get(graph, keys, **kwargs)
