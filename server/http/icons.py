"""Icons drawn into pages: `web/icons.svg` holds each once, as a symbol.

They are part of the page rather than referred to, so that an error page shows them when nothing else loads.
"""

from pathlib import Path
from xml.etree import ElementTree as ET

from markupsafe import Markup

_SVG = "{http://www.w3.org/2000/svg}"


class Icons:
    """The symbols of one file, by name."""

    def __init__(self, source: Path) -> None:
        """Read `source`, one of our own files."""
        ET.register_namespace("", _SVG.strip("{}"))
        self._symbols = {
            symbol.attrib["id"]: (symbol.attrib["viewBox"], "".join(map(_drawing, symbol)))
            for symbol in ET.parse(source).getroot().iter(f"{_SVG}symbol")  # noqa: S314 - our own file
        }

    def draw(self, name: str, kind: str = "") -> Markup:
        """Return the icon `name` as decoration: words beside it, or the button's label, say what it means.

        The size holds only where the stylesheet did not arrive.

        Args:
            name: the symbol's id.
            kind: further classes: `s`, `l` or `xl` for another size.

        Raises:
            KeyError: there is no such icon.
        """
        view_box, drawing = self._symbols[name]
        return Markup(
            '<svg class="{}" width="20" height="20" viewBox="{}" aria-hidden="true">{}</svg>'
        ).format(
            f"i {kind}".strip(),
            view_box,
            Markup(drawing),  # noqa: S704 - our own file
        )


def _drawing(shape: ET.Element) -> str:
    return ET.tostring(shape, encoding="unicode").replace(' xmlns="http://www.w3.org/2000/svg"', "").strip()
