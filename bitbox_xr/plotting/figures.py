"""The figure that plots create. Importing this module imports Matplotlib, so plots import it when they draw."""

import matplotlib
from matplotlib.figure import Figure

from bitbox_xr.upstream.matplotlib_internals import registered

__all__ = ["OnceDisplayed"]


class OnceDisplayed(Figure):
    """A figure that a notebook displays once, also where it is the value of the last line of a cell.

    The inline backend displays every new pyplot figure at the end of the cell. IPython also displays the value of the
    last line, so a figure that a function returns would appear twice.
    """

    def _ipython_display_(self) -> None:
        """Leave a figure of this cell to the inline backend; otherwise, let IPython display it."""
        if not ("inline" in matplotlib.get_backend().lower() and registered(self)):
            raise NotImplementedError  # IPython then uses its own representation of figures
