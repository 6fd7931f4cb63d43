"""Where the shared client runners and the installed clients are; and the SDKs of the matrix, which need no runners."""
import json
import os
import pathlib
import platform
import shutil
import subprocess
import sys

from children import Failed, finished
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
    "opencode": INSTALLED / "npm" / "opencode" / "node_modules" / ".bin" / "opencode",
    "aider": INSTALLED / "venv-aider" / "bin" / "aider",
}

# The SDKs of the matrix, at the versions that the runners pin.
PYTHON_SDKS = ["openai==3.3.0", "anthropic==2.12.0"]
NODE_SDKS = ["openai@7.57.0", "@anthropic-ai/sdk@1.12.0"]
# The oldest Node that these run on, and the release that is installed where there is none.
NODE_MAJOR, NODE_RELEASE = 22, "22.23.3"
# What the Bedrock judge and its measure need besides.
AWS_SDKS = ["boto3==1.44.8", "botocore==1.44.8", "anthropic[bedrock]==2.13.0", "openai==3.57.0"]
# Seconds for one of these installations.
INSTALLING = 300


def available():
    """Whether the client runners are there."""
    return (RUNNERS / "install.sh").is_file()


def install(groups):
    """Installs what is missing, at the versions that the runners pin; from PyPI and npm, once per machine."""
    missing = [group for group in groups if not GROUPS[group].exists()]
    if not missing:
        return
    print("installing %s into %s" % (" ".join(missing), INSTALLED), flush=True)
    subprocess.run([str(RUNNERS / "install.sh"), *missing], env={**os.environ, "CLIENTS_DIR": str(INSTALLED)}, check=True)


def matrix_python():
    """A Python that has the SDKs: the runners' if it is installed, else one of our own."""
    if PYTHON.exists():
        return PYTHON
    folder = INSTALLED / "matrix-python"
    python = folder / "bin" / "python"
    commands = [[sys.executable, "-m", "venv", str(folder)], [str(python), "-m", "pip", "install", "-q", *PYTHON_SDKS]]
    install_own(folder, PYTHON_SDKS, commands)
    return python


def bedrock_python():
    """A Python that has AWS's SDK and both vendors'."""
    folder = INSTALLED / "bedrock-python"
    python = folder / "bin" / "python"
    commands = [[sys.executable, "-m", "venv", str(folder)], [str(python), "-m", "pip", "install", "-q", *AWS_SDKS]]
    install_own(folder, AWS_SDKS, commands)
    return python


def matrix_node():
    """A Node, and the folder of packages in which it finds the SDKs: the runners' if installed, else our own."""
    if NODE.exists() and GROUPS["sdks"].exists():
        return NODE, NODE_PACKAGES
    folder = INSTALLED / "matrix-node"
    node, packages = shutil.which("node"), NODE_SDKS
    if not node or not recent(node):
        # The package for this machine, without the script by which the package `node` would choose it.
        machine = {"x86_64": "x64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
        package = "node-%s-%s" % (platform.system().lower(), machine)
        node = folder / "node_modules" / package / "bin" / "node"
        packages = [*NODE_SDKS, "%s@%s" % (package, NODE_RELEASE)]
    command = ["npm", "install", "--prefix", str(folder), "--no-audit", "--no-fund", "--ignore-scripts", *packages]
    install_own(folder, packages, [command])
    return node, folder


def recent(node):
    code, said = finished([node, "--version"], 10)
    major = said.strip().lstrip("v").partition(".")[0]
    return code == 0 and major.isdecimal() and int(major) >= NODE_MAJOR


def install_own(folder, packages, commands):
    """Runs the commands, once per machine and set of packages."""
    done = folder / "installed.json"
    if done.exists() and json.loads(done.read_text()) == packages:
        return
    print("installing %s into %s" % (" ".join(packages), folder), flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "package.json").write_text('{"private": true}\n')
    for command in commands:
        try:
            code, said = finished(command, INSTALLING)
        except OSError as why:
            raise Failed("cannot run %s: %s" % (command[0], why)) from why
        if code != 0:
            raise Failed("%s: exit %d\n%s" % (" ".join(command), code, said[-2000:]))
    done.write_text(json.dumps(packages))
