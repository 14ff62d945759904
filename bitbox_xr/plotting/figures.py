"""The figure that plots create. Importing this module imports Matplotlib, so plots import it when they draw."""

import matplotlib
from matplotlib import pyplot
from matplotlib.figure import Figure

__all__ = ["OnceDisplayed"]


class OnceDisplayed(Figure):
    """A figure that a notebook displays once, also where it is the value of the last line of a cell.

    IPython displays the value of the last line, and the inline backend displays every open pyplot figure at the end of
    the cell. A figure that a function returns would appear twice.
    """

    def _ipython_display_(self) -> None:
        """Close the figure in pyplot before IPython displays it, so that the inline backend does not display it too."""
        if "inline" in matplotlib.get_backend().lower():
            pyplot.close(self)
        raise NotImplementedError  # IPython then uses its own representation of figures
