"""Pages: jinja templates rendered in the reader's language, with the built assets' hashed names."""

import json
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import jinja2
from aiohttp import web

from server.http.i18n import Catalogue, Locale, locale_of
from server.http.icons import Icons
from server.http.identity import identity_of
from server.http.look import furnish
from server.kernel.clock import Clock
from server.kernel.identity import Identity

if TYPE_CHECKING:
    from collections.abc import Callable

WEB = Path(__file__).parents[2] / "web"


_BUILD_DIGITS = 12


class Assets:
    """The built front end: source names → hashed file names, from Vite's manifest."""

    def __init__(self, dist: Path) -> None:
        """Read `dist/.vite/manifest.json`; without a build every page still reads, unstyled."""
        manifest = dist / ".vite" / "manifest.json"
        self._entries: dict[str, dict[str, object]] = (
            json.loads(manifest.read_text(encoding="utf-8")) if manifest.exists() else {}
        )

    @property
    def build(self) -> str:
        """Name what was built: the same as long as the files are; empty without a build."""
        names = "\n".join(sorted(str(entry["file"]) for entry in self._entries.values()))
        return sha256(names.encode()).hexdigest()[:_BUILD_DIGITS] if names else ""

    def url(self, source: str) -> str:
        """Return the address of the built form of `source`, a path below `web/`."""
        entry = self._entries.get(source)
        return f"/static/{entry['file']}" if entry else f"/static/{source}"


class Pages:
    """Renders templates."""

    def __init__(  # noqa: PLR0913 - the composition names each
        self,
        *,
        catalogue: Catalogue,
        clock: Clock,
        demo: bool,
        provider: str = "",
        templates: Path = WEB / "templates",
        assets: Assets | None = None,
    ) -> None:
        """Prepare one environment a language; `provider` is what people call the OpenID provider, if any."""
        self._assets = assets or Assets(WEB / "dist")
        self._clock = clock
        self._demo = demo
        self._provider = provider
        self._icons = Icons(WEB / "icons.svg")
        self._environments = {locale: self._environment(locale, templates, catalogue) for locale in Locale}

    def _environment(self, locale: Locale, templates: Path, catalogue: Catalogue) -> jinja2.Environment:
        environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(templates),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            extensions=["jinja2.ext.i18n"],
            auto_reload=False,
        )
        gettext: Callable[[str], str] = partial(catalogue.gettext, locale)
        ngettext: Callable[[str, str, int], str] = partial(catalogue.ngettext, locale)
        environment.install_gettext_callables(gettext, ngettext, newstyle=True)  # type: ignore[attr-defined]
        environment.globals.update(
            asset=self._assets.url,
            build=self._assets.build,
            locale=locale,
            demo=self._demo,
            provider=self._provider,
        )
        furnish(environment, locale, self._icons, gettext)
        return environment

    def html(self, request: web.Request, template: str, **context: object) -> str:
        """Return `template` rendered for the reader of `request`."""
        context.setdefault("answers_form", request.method == "POST")
        return self.text(
            template, locale=locale_of(request), identity=identity_of(request), path=request.path, **context
        )

    def text(self, template: str, *, locale: Locale, identity: Identity, path: str, **context: object) -> str:
        """Return `template` rendered in `locale` for `identity`, who reads it at `path`."""
        return (
            self._environments[locale]
            .get_template(template)
            .render(identity=identity, path=path, now=self._clock.now(), **context)
        )

    def render(
        self, request: web.Request, template: str, *, status: int = 200, **context: object
    ) -> web.Response:
        """Answer with `template` rendered for the reader of `request`."""
        body = self.html(request, template, status=status, **context)
        response = web.Response(text=body, status=status, content_type="text/html")
        response.headers["Content-Language"] = locale_of(request)
        return response


def see_other(location: str) -> web.Response:
    """Send the browser on after a form was taken (RFC 9110 §15.4.4)."""
    return web.Response(status=303, headers={"Location": location})
