"""Where the shared client runners and the installed clients are."""
import os
import pathlib
import subprocess

from routing import REPOSITORY

RUNNERS = pathlib.Path(os.environ.get("ROUTECTL_SHARED_TOOLS") or REPOSITORY.parent / "shared" / "tools") / "clients"
INSTALLED = pathlib.Path(os.environ.get("CLIENTS_DIR") or pathlib.Path.home() / ".cache" / "routectl-clients")

PYTHON = INSTALLED / "venv" / "bin" / "python"
NODE = INSTALLED / "npm" / "node22" / "node_modules" / ".bin" / "node"
NODE_PACKAGES = INSTALLED / "npm" / "sdks22"

# Install group → the file that shows it is there.
GROUPS = {
    "node22": NODE,
    "sdks": NODE_PACKAGES / "node_modules" / "openai",
    "py": PYTHON,
    "claude": INSTALLED / "npm" / "claude" / "node_modules" / ".bin" / "claude",
}


def available():
    return (RUNNERS / "install.sh").is_file()


def install(groups):
    """Installs what is missing, at the versions that the runners pin; from PyPI and npm, once per machine."""
    missing = [group for group in groups if not GROUPS[group].exists()]
    if not missing:
        return
    print("installing %s into %s" % (" ".join(missing), INSTALLED), flush=True)
    subprocess.run([str(RUNNERS / "install.sh"), *missing], env={**os.environ, "CLIENTS_DIR": str(INSTALLED)}, check=True)
