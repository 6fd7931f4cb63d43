"""The processes of a run: each is started here, and ended here by its own id, whatever happens in between."""
import contextlib
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request

# Seconds until a child must answer its first request; a cold binary on a loaded CI machine needs a few.
READY = 30
# Seconds between SIGTERM and SIGKILL.
GRACE = 5
# Seconds after which a server ends by itself, should this run be killed before it can end it.
LIFETIME = 3600


class Failed(Exception):
    """Something that ends the run, in words for a person."""


def free_ports(count):
    """Ports nobody listens on now: all are held until all are known, so that no two are the same."""
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


@contextlib.contextmanager
def running(name, command, log, url, environment=None):
    """A server in the background, from the moment it answers at `url` until the block is left."""
    with open(log, "wb") as output:
        # The emulator ends when its standard input closes, so all get one that does so with us.
        child = subprocess.Popen(
            ["timeout", str(LIFETIME), *command],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment,
            start_new_session=True,
        )
    try:
        wait_until_ready(name, child, log, url)
        yield child
        if child.poll() is not None:
            raise Failed("%s ended during the run (exit %s)\n%s" % (name, child.returncode, tail(log)))
    finally:
        end(child)


def wait_until_ready(name, child, log, url):
    until = time.monotonic() + READY
    while not answers(url):
        if child.poll() is not None:
            raise Failed("%s ended before it answered (exit %s)\n%s" % (name, child.returncode, tail(log)))
        if time.monotonic() > until:
            raise Failed("%s does not answer at %s\n%s" % (name, url, tail(log)))
        time.sleep(0.05)


def answers(url):
    """Whether anything speaks HTTP there; a refusal is an answer."""
    try:
        with opener().open(url, timeout=2):
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


def opener():
    """Loopback is never asked through a proxy."""
    return urllib.request.build_opener(urllib.request.ProxyHandler({}))


def end(child):
    """SIGTERM, a moment of grace, SIGKILL: to the child and what it started, by their process group."""
    signal_group(child, signal.SIGTERM)
    try:
        child.wait(GRACE)
    except subprocess.TimeoutExpired:
        pass
    signal_group(child, signal.SIGKILL)
    child.wait()
    if child.stdin:
        child.stdin.close()


def signal_group(child, number):
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, number)


def finished(command, seconds, environment=None):
    """Runs a command to its end: (exit code, what it said). It and its children are ended when the time is up."""
    child = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment, start_new_session=True
    )
    try:
        said, _ = child.communicate(timeout=seconds)
        return child.returncode, said.decode("utf-8", "replace")
    except subprocess.TimeoutExpired:
        signal_group(child, signal.SIGKILL)
        said, _ = child.communicate()
        return 124, said.decode("utf-8", "replace") + "\nnot done after %d s" % seconds
    finally:
        end(child)


def tail(log, lines=20):
    with open(log, encoding="utf-8", errors="replace") as text:
        return "".join(text.readlines()[-lines:])
