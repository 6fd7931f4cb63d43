"""All parts, one after the other: python -m bedrock.judge FOLDER [PART…]; prints failures and a count."""
import asyncio
import pathlib
import signal
import sys
import time

from bedrock import answers, credentials, faults, measure, traffic, wire
from bedrock.asking import CLIENTS
from bedrock.hosts import Plan, check_judge, judge, router
from bedrock.reference import Reference

# Cases at once: many of them wait for a silent judge.
AT_ONCE = 16

# Milliseconds that a silent target may take.
PATIENCE = 3000

CLOCKS = {
    "stream_first_byte_timeout_ms": PATIENCE,
    "stream_idle_timeout_ms": PATIENCE,
    "request_timeout_ms": 4 * PATIENCE,
    # Or a target that says "come back later" would be passed over by the cases after the first.
    "max_honored_retry_after_ms": 0,
}
RETRIES = {**CLOCKS, "max_attempts": 3, "initial_backoff_ms": 1, "jitter_ms": 1}

FAULT_WAYS = {"alone or before a good target": (("alone", "chain"), CLOCKS), "asked again": (("retried", "retried twice"), RETRIES)}


class Score:
    def __init__(self):
        self.passed = self.failed = 0

    def add(self, part, name, wrong):
        self.passed, self.failed = self.passed + (wrong is None), self.failed + (wrong is not None)
        if wrong is not None:
            print("     FAIL %s: %s: %s" % (part, name, wrong[:1500]), flush=True)

    def part(self, name, began, before):
        passed, failed = self.passed - before[0], self.failed - before[1]
        print("%s bedrock %s: %d of %d, %d s" % ("FAIL" if failed else "ok  ", name, passed, passed + failed, time.monotonic() - began), flush=True)


async def at_once(base, cases, check):
    """Checks the cases side by side: (case, None or what is wrong)."""
    slots, clients = asyncio.Semaphore(AT_ONCE), {name: kind(base) for name, kind in CLIENTS.items()}

    async def one(case):
        async with slots:
            try:
                return case, await check(case, clients)
            except Exception as why:  # a check that stumbles has found something
                return case, "%s %s" % (type(why).__name__, str(why)[:500])

    try:
        return await asyncio.gather(*(one(case) for case in cases))
    finally:
        for each in clients.values():
            await each.client.close()


def check_answers(folder, endpoint, recorded):
    reference, plan = Reference(endpoint), Plan(endpoint)
    every = answers.plan(plan)
    own = {}
    for content in ("plain", "system", "tools", "parallel", "thinking", "redacted", "image", "caching", "unicode"):
        upstream = "%s-anthropic%s" % (wire.IDS[1].partition("-v1:")[0], answers.CONTENTS[content])
        own[content] = (plan.model("answers-invoke", upstream), upstream)
    with router(folder, "answers", plan) as base:
        yield from asyncio.run(at_once(base, every, lambda case, clients: answers.check(case, clients, recorded, reference)))
        for content, (model, upstream) in own.items():
            yield "%s as AnthropicBedrock reads it" % content, wire.guarded(answers.check_anthropic, base, reference, content, model, upstream)


def check_faults(folder, endpoint, recorded):
    tables = faults.load_judge()
    for name, (ways, retry) in FAULT_WAYS.items():
        plan = Plan(endpoint)
        every = faults.plan(plan, tables, ways)
        with router(folder, name.replace(" ", "-"), plan, retry) as base:
            yield from asyncio.run(at_once(base, every, lambda case, clients: faults.check(case, clients, recorded, tables)))


def check_credentials(folder, endpoint, recorded):
    yield from credentials.checks(folder, endpoint, recorded)


def check_wire(folder, endpoint, recorded):
    yield from wire.checks(folder, endpoint, recorded, Reference(endpoint))


def check_traffic(folder, endpoint, recorded):
    """With the allowlist that the judge has, and with none: then its refusal is mended."""
    allowed = faults.load_judge().ALLOWED_BETAS
    for name, betas in {"listed": sorted(allowed), "mended": []}.items():
        plan = Plan(endpoint)
        account = plan.provider("invoke", "invoke")
        every = [(file, traffic.upstream(file, name)) for file in traffic.files()]
        models = [plan.model(account, upstream) for _, upstream in every]
        with router(folder, "traffic-" + name, plan, betas=betas) as base:
            for (file, upstream), model in zip(every, models, strict=True):
                yield "%s, betas %s" % (file.name, name), wire.guarded(traffic.check, file, base, model, recorded, upstream, allowed)


def check_measure(folder, endpoint, recorded):
    yield from measure.checks(Reference(endpoint))


PARTS = {
    "measure": check_measure,
    "answers": check_answers,
    "faults": check_faults,
    "credentials": check_credentials,
    "wire": check_wire,
    "traffic": check_traffic,
}


def main(folder, chosen):
    check_judge()
    score = Score()
    for name in chosen or PARTS:
        place = folder / name
        place.mkdir()
        began, before = time.monotonic(), (score.passed, score.failed)
        with judge(place, "judge") as (endpoint, recorded):
            for case, wrong in PARTS[name](place, endpoint, recorded):
                score.add(name, case, wrong)
        score.part(name, began, before)
    print("%d passed, %d failed" % (score.passed, score.failed))
    return 1 if score.failed or not score.passed else 0


if __name__ == "__main__":
    # As an exception, so that the children are ended on the way out.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    sys.exit(main(pathlib.Path(sys.argv[1]), sys.argv[2:]))
