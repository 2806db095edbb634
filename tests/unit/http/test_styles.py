"""The stylesheet holds what pages use, and no more."""

import re

from server.http.pages import WEB

STYLES = sorted((WEB / "styles").rglob("*.css"))
SOURCES = "\n".join(
    path.read_text(encoding="utf-8")
    for folder, kind in (("templates", "*.html"), ("src", "*.ts"), (".", "icons.svg"))
    for path in sorted((WEB / folder).glob(f"**/{kind}" if folder != "." else kind))
)


def test_every_class_of_the_stylesheet_is_used_by_a_page_or_an_island() -> None:
    named = {name for path in STYLES for name in _classes(path.read_text(encoding="utf-8"))}
    used = set(re.findall(r"[a-zA-Z][\w-]*", SOURCES))
    composed = tuple(set(re.findall(r"([a-zA-Z][\w-]*-)(?:\{\{|\$\{|' ~|\" ~)", SOURCES)))
    assert sorted(name for name in named - used if not name.startswith(composed)) == []


def test_every_style_sheet_is_imported_once() -> None:
    imported = re.findall(r'@import "\./([^"]+)";', (WEB / "styles" / "main.css").read_text(encoding="utf-8"))
    present = {str(path.relative_to(WEB / "styles")) for path in STYLES} - {"main.css"}
    assert sorted(imported) == sorted(present)


def _classes(sheet: str) -> set[str]:
    without_comments = re.sub(r"/\*.*?\*/", "", sheet, flags=re.DOTALL)
    selectors = re.findall(r"([^{}]+)\{", without_comments)
    return {name for selector in selectors for name in re.findall(r"\.([a-zA-Z][\w-]*)", selector)}
