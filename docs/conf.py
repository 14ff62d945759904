"""How the documentation is built: `python -m sphinx -W --keep-going -b html docs docs/_build/html`."""

import os
import re
import sys
from pathlib import Path

import sphinx_autosummary_accessors

import bitbox_xr

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

import layers  # noqa: E402

project = "bitbox_xr"
author = "The bitbox_xr developers"
copyright = author
version = release = bitbox_xr.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.napoleon",
    "sphinx_autosummary_accessors",
    "sphinx_design",
    "myst_nb",
]
exclude_patterns = ["_build", "conf.py", "layers.py", "generated/ipython"]
templates_path = ["_templates", sphinx_autosummary_accessors.templates_path]

# --- pages that run

# The examples are scripts; their text and cells become pages beside the others.
(HERE / "examples").mkdir(exist_ok=True)
for script in sorted((HERE.parent / "examples").glob("*.py")):
    page, text = HERE / "examples" / script.name, script.read_text(encoding="utf-8")
    text = text[text.index("# %%") :]  # the docstring is the script's, the page has a title
    if not page.exists() or page.read_text(encoding="utf-8") != text:
        page.write_text(text, encoding="utf-8")

nb_custom_formats = {".py": ["jupytext.reads", {"fmt": "py:percent"}]}
nb_execution_mode = "force"
nb_execution_in_temp = True
nb_execution_timeout = 180
nb_execution_raise_on_error = True
nb_output_stderr = "warn"  # with -W what a cell warns of fails the build
nb_merge_streams = True
os.environ["MATPLOTLIBRC"] = str(HERE / "matplotlibrc")
os.environ.pop("MPLBACKEND", None)  # with another backend than that of notebooks, pages would have no pictures

# The first call of a measure says on standard error that it compiles code. Pages do not show this.
profile = HERE / "generated" / "ipython"
(profile / "profile_default" / "startup").mkdir(parents=True, exist_ok=True)
(profile / "profile_default" / "startup" / "quiet.py").write_text(
    "from bitbox_xr.kernels.compilation_notice import quiet\n\nsilence = quiet(True)\nsilence.__enter__()\n",
    encoding="utf-8",
)
os.environ["IPYTHONDIR"] = str(profile)

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3  # links to headings are checked, as are those to pages

# --- the layer diagram, from the contract that the tests check

rows = layers.layers()
layers.draw(rows, {name: layers.purpose(name) for row in rows for name in row}, HERE / "generated" / "layers.svg")

# --- the API pages

autosummary_generate = True
autodoc_typehints = "none"  # types are in the docstrings
default_role = "py:obj"  # `name` is a link where there is such an object, else code
napoleon_numpy_docstring = True
napoleon_google_docstring = False
napoleon_use_rtype = False
add_module_names = False


def escape_magnitudes(app, what, name, obj, options, lines):
    """In docstrings |r| is a magnitude; to reStructuredText it would be a substitution."""
    for k, line in enumerate(lines):
        if not line.lstrip().startswith((">>>", "...")):
            lines[k] = re.sub(r"(?<![`|])\|(\w+)\|(?![`|])", r"\\|\1\\|", line)


def setup(app):
    """What Sphinx calls."""
    app.connect("autodoc-process-docstring", escape_magnitudes)


# --- how it looks

html_theme = "pydata_sphinx_theme"
html_title = "bitbox_xr"
html_static_path = ["_static"]
html_css_files = ["extra.css"]
html_show_sourcelink = False
html_copy_source = False
html_context = {"default_mode": "light"}
html_sidebars = {"index": []}  # every other page shows the pages of its part
html_theme_options = {
    "secondary_sidebar_items": ["page-toc"],
    "navbar_end": ["theme-switcher"],
    "navbar_persistent": ["search-button"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "show_toc_level": 2,
    "header_links_before_dropdown": 5,  # all parts: Start, Guides, Examples, Reference, About
}
