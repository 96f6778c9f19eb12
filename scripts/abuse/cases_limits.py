"""Deadlines and numbers of connections. The deadlines are the server's own, so these cases take up to 100 s; they run beside the rest."""

import re
import time

from case import BODY, Failure, Table, chunked, get, head, post
from client import Closed

T = Table("limits")
CASES = T.cases


def ends(context, steps, within, statuses, pause=1.0, patience=140):
    """Sends the pieces of `steps` with pauses until the server answers or ends, and says when and how.

    - within: the least and the most seconds that may take. - statuses: of the answer; an empty set: none."""
    start = time.monotonic()
    with context.client(patience=patience) as client:
        for piece in steps:
            if client.ended or client.buffer:
                break
            client.send(piece)
            client.wait(pause)
        try:
            response = client.response()
        except Closed:
            response = None
        seconds = time.monotonic() - start
        if response is None and statuses:
            raise Failure(f"closed without a response after {seconds:.1f} s")
        if response and response.status not in statuses:
            raise Failure(f"after {seconds:.1f} s: {response}")
        if not within[0] <= seconds <= within[1]:
            raise Failure(f"took {seconds:.1f} s")
        if response and client.rest():
            raise Failure("more came after the last response")


def deadline(name, pieces, within, statuses, level="M", **more):
    def run(context):
        ends(context, pieces(context), within, statuses, **more)
    words = "/".join(map(str, sorted(statuses))) if statuses else "a silent close"
    run.__doc__ = f"{words} after {within[0]} to {within[1]} s, and the end of the connection"
    T.add(level, name, script=run, slow=True)


def drip(data, size=1):
    return [data[i : i + size] for i in range(0, len(data), size)]


LONG = b"GET /health HTTP/1.1\r\nHost: {HOST}\r\nX-A: " + b"a" * 400
BODY_HEAD = head(b"POST /generate", b"Content-Type: application/json", b"Content-Length: 400")
CHUNK_HEAD = head(b"POST /generate", b"Content-Type: application/json", b"Transfer-Encoding: chunked")

deadline("header-nothing-more", lambda c: [b"GET /health HT"], (9, 13), {408})
deadline("header-drip-1-byte-a-second", lambda c: drip(c.bytes(LONG)), (9, 13), {408})
deadline("header-drip-line-every-2-s", lambda c: [c.bytes(LONG[:40])] + [b"X: y\r\n"] * 200, (9, 14), {408}, pause=2)
# RFC 9112 §2.2: an empty line before a request is nothing.
deadline("header-empty-line-is-idle", lambda c: [b"\r\n"], (70, 80), set(), level="S", patience=100)
deadline("body-nothing", lambda c: [c.bytes(BODY_HEAD)], (29, 34), {408})
deadline("body-drip-1-byte-a-second", lambda c: [c.bytes(BODY_HEAD)] + drip(b"x" * 400), (29, 34), {408})
deadline("body-200k-granted-3-s-more", lambda c: [c.bytes(BODY_HEAD.replace(b"400", b"200000"))], (32, 38), {408})
deadline("chunked-nothing", lambda c: [c.bytes(CHUNK_HEAD)], (29, 34), {408})
deadline("chunked-drip-1-byte-a-second", lambda c: [c.bytes(CHUNK_HEAD)] + [b"1\r\nx\r\n"] * 400, (29, 34), {408})
deadline("chunked-size-line-drip", lambda c: [c.bytes(CHUNK_HEAD), b"6b;"] + [b"a"] * 400, (29, 34), {408})
deadline("trailer-drip", lambda c: [c.bytes(CHUNK_HEAD) + b"0\r\n"] + [b"X: y\r\n"] * 90, (29, 34), {408})
deadline("expect-body-never-comes", lambda c: [c.bytes(post(BODY, b"Expect: 100-continue")[: -len(BODY)])], (29, 34), {408})
deadline("idle-never-a-byte", lambda c: [], (70, 80), set(), patience=100)


@T.script("M", "idle-after-a-request-closed-silently", slow=True)
def idle(context):
    """open for 60 s, closed without a word by 80 s"""
    with context.client(patience=100) as client:
        client.send(context.bytes(get()))
        client.response()
        start = time.monotonic()
        if client.wait(60):
            raise Failure(f"after {time.monotonic() - start:.0f} s came {client.buffer!r}")
        rest = client.rest()
        if rest or not 70 <= time.monotonic() - start <= 80:
            raise Failure(f"{time.monotonic() - start:.0f} s, {rest!r}")


@T.script("M", "a-second-request-after-60-s-idle-is-answered", slow=True)
def idle_then_used(context):
    """200 on a connection that was idle for 60 s"""
    with context.client(patience=20) as client:
        for pause in (60, 0):
            client.send(context.bytes(get()))
            if (response := client.response()).status != 200:
                raise Failure(str(response))
            if client.wait(pause):
                raise Failure("closed early")


@T.script("M", "header-deadline-of-the-second-request", slow=True)
def second_header(context):
    """408 after 10 s for a second request that stops in its head"""
    ends_after = context.bytes(get())
    with context.client(patience=30) as client:
        client.send(ends_after)
        client.response()
        start = time.monotonic()
        client.send(b"GET /hea")
        response = client.response()
        if response.status != 408 or not 9 <= time.monotonic() - start <= 13:
            raise Failure(f"{time.monotonic() - start:.1f} s, {response}")


@T.script("M", "slow-but-fast-enough-body-is-answered", slow=True)
def fast_enough(context):
    """404 for a body that takes 20 s"""
    data = context.bytes(post())
    cut = len(data) - 20
    with context.client(patience=20) as client:
        client.send(data[:cut])
        for byte in drip(data[cut:]):
            client.wait(1)
            client.send(byte)
        if (response := client.response()).status != 404:
            raise Failure(str(response))


@T.script("M", "reader-that-takes-nothing-is-cut", slow=True)
def takes_nothing(context):
    """the end of the connection within 60 to 90 s for a client that asks and does not read"""
    with context.client(receive_buffer=4096) as client:
        start = time.monotonic()
        client.socket.setblocking(True)
        client.socket.settimeout(1)
        request = context.bytes(get(b"/models")) * 100
        cut = None
        while time.monotonic() - start < 100 and cut is None:
            try:
                client.socket.send(request)
            except TimeoutError:
                pass
            except OSError:
                cut = time.monotonic() - start
            time.sleep(0.2)
        if cut is None or cut < 20:
            raise Failure("still served after 100 s" if cut is None else f"cut after {cut:.0f} s")


@T.script("M", "200-idle-connections", alone=True)
def many_idle(context):
    """200 on each of 200 connections, before and after an idle second, in turn and at once"""
    clients = [context.client() for _ in range(200)]
    try:
        for _ in range(2):
            for client in clients:
                client.send(context.bytes(get()))
            for client in clients:
                if (response := client.response()).status != 200:
                    raise Failure(str(response))
            time.sleep(1)
    finally:
        for client in clients:
            client.close()


@T.script("M", "150-half-sent-20mb-bodies", alone=True)
def half_sent(context):
    """/health within 100 ms beside 150 bodies of 20 MB of which 100 kB came, and after them"""
    opening = context.bytes(post(b"", length=b"20000000"))
    clients = [context.client() for _ in range(150)]
    try:
        for client in clients:
            client.send(opening + b"a" * 100_000)
        for _ in range(20):
            start = time.monotonic()
            context.expect_alive()
            if time.monotonic() - start > 0.1:
                raise Failure(f"/health took {time.monotonic() - start:.2f} s")
    finally:
        for client in clients:
            client.close()
    context.expect_alive()


@T.script("M", "connection-cap-is-503-never-silence", alone=True)
def cap(context):
    """2,200 connections served; the first beyond the cap gets 503 with Retry-After; all well afterwards"""
    clients = []
    try:
        for index in range(context.max_connections + 16):
            client = context.client()
            clients.append(client)
            if index % 50 and index < context.max_connections - 64:
                continue
            client.send(context.bytes(get()))
            try:
                response = client.response()
            except Closed:
                raise Failure(f"connection {index + 1} was closed without a response")
            if response.status == 200:
                continue
            if response.status != 503 or not re.fullmatch(r"[1-9]\d*", response["retry-after"] or ""):
                raise Failure(f"connection {index + 1} got {response}")
            if index < 2200:
                raise Failure(f"already connection {index + 1} is refused")
            break
        else:
            raise Failure(f"{len(clients)} connections are served; is --max-connections right?")
    finally:
        for client in clients:
            client.close()
    for _ in range(20):
        time.sleep(0.1)
        try:
            return context.expect_alive()
        except Failure as failure:
            last = failure
    raise Failure(f"2 s after all had closed: {last}")


@T.script("M", "500-connections-a-second-come-and-go", alone=True)
def churn(context):
    """200 on each of 2,000 connections of one request"""
    for _ in range(2000):
        context.expect_alive()
