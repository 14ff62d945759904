"""A dask scheduler that counts computations, to check that a lazy result is computed once."""

import dask
import dask.array as da


class Counting:
    """Compute on one thread, and count the calls in `computes`."""

    def __init__(self):
        self.computes = 0

    def __call__(self, graph, keys, **kwargs):
        self.computes += 1
        return dask.get(graph, keys, **kwargs)


def computed_once(call, x):
    """The computed Dataset of `call(x)`, `x` on dask; check that it is computed by .compute() only, and once."""
    scheduler = Counting()
    with dask.config.set(scheduler=scheduler):
        lazy = call(x)
        assert scheduler.computes == 0
        assert all(isinstance(variable.data, da.Array) for variable in lazy.data_vars.values())
        found = lazy.compute()
        assert scheduler.computes == 1
    return found
