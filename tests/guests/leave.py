"""A client that leaves: how long until the upstream is let go, at every stage of an answer.

Client and upstream are this process, so that one clock tells both ends. The upstream answers so far as the stage says,
and then waits for its peer to close or reset.
"""
import contextlib
import json
import queue
import select
import socket
import statistics
import threading
import time

from children import Failed, free_ports
from routing import routectl

# Milliseconds that the median of a stage may take.
BUDGET = 100
TRIES = 20
# Seconds after which nothing comes any more.
PATIENCE = 20
# Seconds between the events of a slow stream; and before a client leaves, so that the stage is reached all the way.
PACE = 0.02

# Stage → whether it is streamed. The upstream is silent after: nothing; its head; its first content. Or it streams slowly.
STAGES = {"whole": False, "held": True, "stalled": True, "streaming": True}

PATHS = {"chat": "/v1/chat/completions", "messages": "/v1/messages"}
KINDS = {"chat": ("openai-compat", "/v1"), "messages": ("anthropic-api", "")}

CHUNK = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m"}
CHOICE = {"index": 0, "delta": {"role": "assistant", "content": "Hi"}, "finish_reason": None}
MESSAGE = {"id": "m", "type": "message", "role": "assistant", "model": "m", "content": [], "stop_reason": None, "stop_sequence": None}
USAGE = {"input_tokens": 1, "output_tokens": 1}
DELTA = {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hi"}}

# Format → (the events up to the first content, the event that goes on).
EVENTS = {
    "chat": ([{**CHUNK, "choices": [CHOICE]}], {**CHUNK, "choices": [CHOICE]}),
    "messages": (
        [
            {"type": "message_start", "message": {**MESSAGE, "usage": USAGE}},
            {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
            DELTA,
        ],
        DELTA,
    ),
}

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"


def run(folder, direct):
    """Measures every stage; gives (passed, failed)."""
    (port,) = free_ports(1)
    base = "http://127.0.0.1:%d" % port
    with Upstream(port) as upstream:
        with contextlib.nullcontext(base) if direct else router(folder, base) as place:
            results = [check(upstream, place, stage) for stage in STAGES]
    return results.count(True), results.count(False)


def router(folder, base):
    providers = {format: (kind, base + suffix) for format, (kind, suffix) in KINDS.items()}
    models = {"%s-%s" % (stage, format): (format, stage) for stage in STAGES for format in KINDS}
    return routectl(folder, providers, models, {}, {"max_attempts": 1})


def check(upstream, base, stage):
    """Whether the median is within the budget; a noisy machine gets a second chance."""
    for chance in ("once more", None):
        waits = sorted(leave(upstream, base, stage, format) for format in PATHS for _ in range(TRIES // len(PATHS)))
        good = statistics.median(waits) <= BUDGET
        words = "%-9s upstream let go after %.1f ms (median), %.1f ms (most), %d tries" % (
            stage, statistics.median(waits), waits[-1], len(waits))
        print("%s %s" % ("ok  " if good else chance or "FAIL", words), flush=True)
        if good:
            return True
    return False


def leave(upstream, base, stage, format):
    """Milliseconds from the client's close until the upstream sees its own peer close."""
    host, port = base.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), PATIENCE) as client:
        # Straight at the upstream, where there is no router, the model says both.
        client.sendall(request(stage, format))
        upstream.next("asked")
        if stage in ("stalled", "streaming"):
            hear_content(client)
        time.sleep(PACE)
        left = time.monotonic()
    return 1000 * (upstream.next("gone") - left)


def request(stage, format):
    body = {"model": "%s-%s" % (stage, format), "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]}
    body = json.dumps({**body, "stream": STAGES[stage]}).encode()
    head = "POST %s HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\nanthropic-version: 2023-06-01\r\ncontent-length: %d\r\n\r\n"
    return (head % (PATHS[format], len(body))).encode() + body


def hear_content(client):
    heard = b""
    while b'"Hi"' not in heard:
        more = client.recv(1 << 16)
        if not more:
            raise Failed("closed before the first content: %r" % heard)
        heard += more


class Upstream:
    """A host that plays the stage that the request's model names, and tells when it was asked and when its peer went."""

    def __init__(self, port):
        self.listener = socket.create_server(("127.0.0.1", port))
        self.told = queue.Queue()

    def __enter__(self):
        threading.Thread(target=self.listen, daemon=True).start()
        return self

    def __exit__(self, *_):
        # Wakes the thread that accepts, which closing alone would not.
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def next(self, wanted):
        """When that happened, which must be what happened next."""
        try:
            what, when = self.told.get(timeout=PATIENCE)
        except queue.Empty:
            raise Failed("the upstream was not %s within %d s" % (wanted, PATIENCE)) from None
        if what != wanted:
            raise Failed("the upstream was %s before it was %s" % (what, wanted))
        return when

    def listen(self):
        with contextlib.suppress(OSError):
            while True:
                peer, _ = self.listener.accept()
                threading.Thread(target=self.serve, args=(peer,), daemon=True).start()

    def serve(self, peer):
        with peer:
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            path, body = hear_request(peer)
            if body is None:
                return
            format = "chat" if path.endswith(PATHS["chat"]) else "messages"
            self.told.put(("asked", time.monotonic()))
            # The router asks for the bare stage.
            play(peer, body["model"].removesuffix("-" + format), format)
            self.told.put(("gone", time.monotonic()))


def hear_request(peer):
    """(path, body), or (None, None) of a connection that closes without one."""
    file = peer.makefile("rb")
    path, length = None, 0
    while line := file.readline().strip():
        if path is None:
            path = line.decode().split(" ")[1]
        name, _, value = line.decode().partition(":")
        length = int(value) if name.lower() == "content-length" else length
    return (path, json.loads(file.read(length))) if path else (None, None)


def play(peer, stage, format):
    """Answers so far, then waits until the peer is gone."""
    begin, more = EVENTS[format]
    # A peer that resets is gone too.
    with contextlib.suppress(OSError):
        if stage != "whole":
            peer.sendall(HEAD)
        if stage in ("stalled", "streaming"):
            peer.sendall(b"".join(map(spell, begin)))
        while not select.select([peer], [], [], PACE if stage == "streaming" else None)[0]:
            peer.sendall(spell(more))
        peer.recv(1)


def spell(event):
    """One event as a chunk of the body."""
    name = "event: %s\n" % event["type"] if "type" in event else ""
    text = ("%sdata: %s\n\n" % (name, json.dumps(event))).encode()
    return b"%x\r\n%s\r\n" % (len(text), text)
