"""Every link within the built pages leads somewhere: `python docs/_ext/links.py build/docs`."""

import re
import sys
from html import unescape
from pathlib import Path
from urllib.parse import unquote

_ASKS_OTHERS = re.compile(r'<(?:script|img|link|iframe)[^>]*(?:src|href)="(?:https?:)?//[^"]*"')


def problems(folder: Path) -> list[str]:
    """One line for every link to a place that is not there, and for all that is fetched from elsewhere."""
    files = sorted(folder.resolve().rglob("*.html"))
    pages = {path: path.read_text(encoding="utf-8") for path in files}
    places = {path: set(re.findall(r'\sid="([^"]+)"', text)) for path, text in pages.items()}
    found = []
    for path, text in pages.items():
        found += [f"{path.name}: {other}" for other in _ASKS_OTHERS.findall(text)]
        for link in sorted({unescape(each) for each in re.findall(r'href="([^"]+)"', text)}):
            if re.match(r"[a-z]+:|//", link):
                continue
            name, _, place = link.partition("#")
            target = (path.parent / unquote(name.partition("?")[0])).resolve() if name else path
            missing = place and unquote(place) not in places.get(target, {unquote(place)})
            if missing or not target.exists():
                found.append(f"{path.name}: {link} leads nowhere")
    return found


if __name__ == "__main__":
    lines = problems(Path(sys.argv[1]))
    print("\n".join(lines) or "all links lead somewhere")
    sys.exit(bool(lines))
