"""A scheduler of dask that counts how often it is asked: what is lazy asks it once, at the end."""

import dask
import dask.array as da


class Counting:
    """Computes as dask does on one thread."""

    def __init__(self):
        self.computes = 0

    def __call__(self, graph, keys, **kwargs):
        self.computes += 1
        return dask.get(graph, keys, **kwargs)


def computed_once(call, x):
    """The Dataset that `call` makes of `x`, which is on dask: nothing is computed until it is asked for, then at one go."""
    scheduler = Counting()
    with dask.config.set(scheduler=scheduler):
        lazy = call(x)
        assert scheduler.computes == 0
        assert all(isinstance(variable.data, da.Array) for variable in lazy.data_vars.values())
        found = lazy.compute()
        assert scheduler.computes == 1
    return found
