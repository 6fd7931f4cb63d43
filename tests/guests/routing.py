"""The router under test: its configuration as a text, and its process."""
import contextlib
import os
import pathlib

from children import Failed, free_ports, running

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]


def binary(variable, name):
    """A program of this repository: where the variable says, else the debug build."""
    path = pathlib.Path(os.environ.get(variable) or REPOSITORY / "target" / "debug" / name)
    if not path.is_file():
        raise Failed("no %s at %s: build it (cargo build -p %s) or set %s" % (name, path, name, variable))
    return str(path.resolve())


def configuration(port, providers, models, aliases, retry):
    """A configuration file.

    providers: name → (kind, base URL); models: name → (provider, upstream[, context window]); aliases: key → chain of names;
    retry: key → number.
    """
    lines = ["[server]", "port = %d" % port, "", "[usage]", "enabled = false", "", "[retry]"]
    lines += ["%s = %d" % item for item in retry.items()]
    for name, (kind, base_url) in providers.items():
        lines += ["", "[providers.%s]" % name, 'kind = "%s"' % kind, 'base_url = "%s"' % base_url]
        lines += ['api_key_ref = "literal:dummy"']
    for name, (provider, upstream, *window) in models.items():
        lines += ["", "[models.%s]" % name, 'provider = "%s"' % provider, 'upstream = "%s"' % upstream]
        lines += ["context_window = %d" % tokens for tokens in window]
    lines += ["", "[aliases]"]
    lines += ['"%s" = [%s]' % (key, ", ".join('"%s"' % name for name in chain)) for key, chain in aliases.items()]
    return "\n".join(lines) + "\n"


@contextlib.contextmanager
def routectl(folder, providers, models, aliases, retry):
    """`routectl serve` with that configuration, at an ephemeral port: its base URL, without /v1."""
    program = binary("ROUTECTL_BIN", "routectl")
    (port,) = free_ports(1)
    file = folder / "config.toml"
    file.write_text(configuration(port, providers, models, aliases, retry))
    base = "http://127.0.0.1:%d" % port
    command = [program, "serve", "--config", str(file)]
    with running("routectl", command, folder / "routectl.log", base + "/health", hermetic(folder)):
        yield base


def hermetic(folder):
    """An environment in which nothing of the user's own configuration can be found."""
    home = folder / "home"
    home.mkdir(exist_ok=True)
    return {"PATH": os.environ.get("PATH", ""), "HOME": str(home), "ROUTECTL_LOG": os.environ.get("ROUTECTL_LOG", "info")}
