"""Undocumented parts of Matplotlib that plots use."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["registered"]


def registered(figure: "Figure") -> bool:
    """Whether pyplot knows the figure, so that `plt.show()` or the end of a notebook's cell displays it.

    `plt.fignum_exists` only knows numbers, which later figures use again, and `plt.figure` changes the current figure.
    """
    from matplotlib._pylab_helpers import Gcf

    return any(manager.canvas.figure is figure for manager in Gcf.get_all_fig_managers())
