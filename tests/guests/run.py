#!/usr/bin/env python3
"""Real clients and SDKs against a real router. See README.md.

    run.py [clients] [matrix] [leave] [bedrock] [--direct]

clients   the official SDKs and Claude Code, each with its own scenarios, through chains that fail first; skipped, with
          a line that says so, where their runners are not
matrix    the official SDKs, every fault of the emulator, streamed and not: the answer must be the emulator's own
leave     a client that leaves: how long until the upstream is let go
bedrock   the official SDKs before Bedrock, as tests/judges has it: answers, faults, credentials, what goes over the wire
--direct  without the router, straight at the upstreams: do the scripts themselves work?
"""
import pathlib
import signal
import sys
import tempfile

import bedrock
import clients
import leave
import matrix
import tools
from children import Failed

PARTS = {"clients": clients.run, "matrix": matrix.run, "leave": leave.run, "bedrock": bedrock.run}


def main(arguments):
    direct = "--direct" in arguments
    chosen = [each for each in arguments if each != "--direct"] or list(PARTS)
    if unknown := [each for each in chosen if each not in PARTS]:
        sys.exit("no part %s\n%s" % (" ".join(unknown), __doc__))
    if "clients" in chosen and not tools.available():
        print("clients: SKIPPED, no client runners at %s (set ROUTECTL_SHARED_TOOLS)" % tools.RUNNERS)
        chosen.remove("clients")
    passed = failed = 0
    for name in chosen:
        with tempfile.TemporaryDirectory(prefix="guests-") as folder:
            try:
                good, bad = PARTS[name](pathlib.Path(folder), direct)
            except Failed as why:
                print("FAIL %s: %s" % (name, why))
                good, bad = 0, 1
        passed, failed = passed + good, failed + bad
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed or (chosen and not passed) else 0


if __name__ == "__main__":
    # As an exception, so that the children are ended on the way out.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    sys.exit(main(sys.argv[1:]))
