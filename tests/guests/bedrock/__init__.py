"""Bedrock: the judge in tests/judges, the official SDKs before the router, AWS's own clients as the measure."""
import os
import pathlib

import tools
from children import finished

# Seconds for all of it.
BUDGET = 480


def run(folder, direct):
    """Runs the judge; gives (passed, failed)."""
    here = pathlib.Path(__file__).resolve().parents[1]
    environment = {**os.environ, "PYTHONPATH": str(here), "NO_PROXY": "127.0.0.1", "AWS_EC2_METADATA_DISABLED": "true"}
    command = [str(tools.bedrock_python()), "-W", "ignore", "-m", "bedrock.judge", str(folder)]
    code, said = finished([*command, "measure"] if direct else command, BUDGET, environment)
    lines = said.splitlines()
    words = lines[-1].split() if lines else []
    if len(words) != 4 or words[1] != "passed,":
        print("FAIL bedrock: exit %d\n%s" % (code, "\n".join(lines[-30:])), flush=True)
        return 0, 1
    print("\n".join(lines[:-1]), flush=True)
    return int(words[0]), int(words[2])
