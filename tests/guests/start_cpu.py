#!/usr/bin/env python3
"""What a start costs: processor time of the release binary from its start until it answers /health.

The kernel shows user and system time in whole steps of 10 ms, rounded down, so what is told here is the most that it can
have been. The least of some starts counts: what disturbs one only adds to it.
Closes with "N passed, N failed". ROUTECTL_BIN names another binary than target/release/routectl.
"""
import os
import pathlib
import signal
import sys
import tempfile

from children import Failed, free_ports, running
from routing import REPOSITORY, hermetic

# Milliseconds of processor time that a start may cost.
BUDGET = 50
STARTS = 5

TICK = 1000 // os.sysconf("SC_CLK_TCK")


def start(program, folder):
    """Milliseconds of processor time of one start."""
    (port,) = free_ports(1)
    file = folder / "config.toml"
    file.write_text("[server]\nport = %d\n" % port)
    command = [str(program), "serve", "--config", str(file)]
    url = "http://127.0.0.1:%d/health" % port
    with running("routectl", command, folder / "routectl.log", url, hermetic(folder)) as child:
        return spent(under(child.pid))


def under(pid):
    """The one process that this one has started."""
    with open("/proc/%d/task/%d/children" % (pid, pid), encoding="ascii") as children:
        (child,) = children.read().split()
    return int(child)


def spent(pid):
    """The most that user and system time of a process with all its threads can be, in milliseconds."""
    with open("/proc/%d/stat" % pid, encoding="utf-8") as stat:
        # Behind the name, which may hold anything: utime and stime are the fields 14 and 15 of all.
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + 1 + int(fields[12]) + 1) * TICK


def main():
    program = pathlib.Path(os.environ.get("ROUTECTL_BIN") or REPOSITORY / "target" / "release" / "routectl")
    try:
        if not program.is_file():
            raise Failed("no routectl at %s: cargo build --release, or set ROUTECTL_BIN" % program)
        with tempfile.TemporaryDirectory(prefix="start-") as folder:
            costs = [start(program, pathlib.Path(folder)) for _ in range(STARTS)]
    except Failed as why:
        print("FAIL start: %s" % why)
        good = False
    else:
        good = min(costs) <= BUDGET
        print("%s starts cost at most %s ms of processor time; allowed are %d" % ("ok  " if good else "FAIL", costs, BUDGET))
    print("%d passed, %d failed" % (good, not good))
    return 0 if good else 1


if __name__ == "__main__":
    # As an exception, so that the child is ended on the way out.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    sys.exit(main())
