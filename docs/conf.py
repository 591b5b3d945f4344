"""How the documentation is built: `make docs`; pages made from the package and its data go to generated/."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

import siliconbert

project = "siliconbert"
author = "the siliconbert authors"
version = release = siliconbert.__version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "house"]
exclude_patterns = ["_ext"]
html_theme = "furo"
html_title = f"siliconbert {release}"
# The pages ask nobody else for fonts or scripts.
html_copy_source = False
html_show_copyright = False
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_type_aliases = {"ArrayLike": "ArrayLike", "NDArray": "NDArray"}
python_display_short_literal_types = True
python_maximum_signature_line_length = 90
# A type such as bytes is no reference to an attribute of that name.
suppress_warnings = ["ref.python"]
add_module_names = False
toc_object_entries_show_parents = "hide"
myst_heading_anchors = 3
