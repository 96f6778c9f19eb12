"""What happens to connections: pipelining, segments, half-closes, hang-ups, Expect (RFC 9112 §9, RFC 9110 §10.1)."""

import random
import time

from case import BODY, OK, REFUSED, Failure, Table, chunked, get, head, post
from client import Closed

T = Table("conn")
CASES = T.cases

T.add("M", "pipeline-2", get() * 2, OK, 2, "kept")
T.add("M", "pipeline-100-in-order", (get() + get(b"/no-such-xyz")) * 50, [{200}, {401, 404}], 100)
T.add("M", "pipeline-mixed", get() + post() + get(b"/no-such") + post(b"{}") + get(), [OK, {404}, {401, 404}, {422}, OK], 5, "kept")
T.add("M", "pipeline-valid-then-garbage", get() + b"!!! garbage\r\n\r\n", [OK, REFUSED], 2, "closed", silent=True)
T.add("M", "pipeline-valid-then-bad-host", get() + b"GET /health HTTP/1.1\r\n\r\n", [OK, {400}], 2)
T.add("M", "pipeline-after-connection-close-ignored", get(b"/health", b"Connection: close") + get(b"/smuggled-by-torture"), OK, fate="closed")
T.add("M", "pipeline-after-bad-request-ignored", get(b"/health", b"X-A : 1") + get(b"/smuggled-by-torture"), {400}, fate="closed")
T.add("M", "pipeline-after-413-ignored", post(b"", length=b"99999999999") + get(b"/smuggled-by-torture"), {413}, fate="closed")
T.add("M", "pipeline-http10-then-11", b"GET /health HTTP/1.0\r\nHost: {HOST}\r\n\r\n" + get(b"/smuggled-by-torture"), OK, fate="closed")
T.add("M", "pipeline-http10-kept-then-11", b"GET /health HTTP/1.0\r\nHost: {HOST}\r\nConnection: keep-alive\r\n\r\n" + get(), OK, 2, "kept")
T.add("S", "keepalive-200-sequential", get() * 200, OK, 200)
T.add("M", "pipeline-5000", get() * 5000, OK, 5000, patience=20)
T.add("M", "pipeline-crlf-between", get() + b"\r\n" + get(), OK, 2)
T.add("M", "byte-by-byte", post(), {404}, fate="kept", split=1)
T.add("M", "byte-by-byte-get", get(), OK, fate="kept", split=1)
T.add("M", "byte-by-byte-pipelined", get() + post() + get(), [OK, {404}, OK], 3, "kept", split=1)
T.add("M", "7-byte-segments", post(), {404}, fate="kept", split=7)
T.add("M", "2-byte-segments-many-fields", get(b"/health", *[b"X-A: b"] * 30), OK, fate="kept", split=2)
T.add("S", "half-close-after-request-still-answered", get(), OK, half_close=True)
T.add("S", "half-close-after-post-still-answered", post(), {400, 404, 422}, half_close=True)
T.add("S", "half-close-after-pipeline-all-answered", get() * 5, OK, 5, half_close=True)
T.add("M", "half-close-in-head", b"GET /health HTTP/1.1\r\nHost: {HOST}\r\n", REFUSED, fate="closed", silent=True, half_close=True)
T.add("M", "half-close-at-once", b"", REFUSED, silent=True, half_close=True)
T.add("M", "binary-garbage", bytes((i * 197 + 13) % 256 for i in range(4100)), REFUSED, fate="closed", silent=True)
T.add("M", "nul-flood", bytes(65536), REFUSED, fate="closed", silent=True)
T.add("M", "ff-flood", b"\xff" * 65536, REFUSED, fate="closed", silent=True)
T.add("M", "cr-flood", b"\r" * 65536, REFUSED, fate="closed", silent=True)
T.add("M", "lf-flood", b"\n" * 65536, REFUSED, fate="closed", silent=True)
T.add("M", "space-flood", b" " * 65536, REFUSED, fate="closed", silent=True)
for seed in range(12):
    noise = random.Random(seed)
    T.add("M", f"random-garbage-{seed}", noise.randbytes(noise.randrange(1, 5000)) + b"\r\n\r\n", REFUSED, fate="closed", silent=True, waiting=True)
for seed in range(24):
    noise = random.Random(1000 + seed)
    data = bytearray(post(BODY) if seed % 2 else chunked(b"6b\r\n" + BODY + b"\r\n0\r\n\r\n"))
    for _ in range(noise.randrange(1, 4)):
        data[noise.randrange(len(data))] = noise.randrange(256)
    T.add("M", f"mutated-request-{seed}", bytes(data), set(range(200, 506)) - {500, 502, 503, 504}, silent=True, waiting=True, split=noise.choice([0, 1, 7]))

T.add("M", "expect-body-sent-immediately", post(BODY, b"Expect: 100-continue"), {404}, fate="kept")
T.add("M", "expect-any-case", post(BODY, b"expect: 100-CONTINUE"), {404}, fate="kept")
T.add("S", "expect-unknown", get(b"/health", b"Expect: 200-maybe"), {200, 400, 417})
T.add("S", "expect-unknown-with-body", post(BODY, b"Expect: 200-maybe"), {400, 404, 417}, silent=True)
T.add("S", "expect-on-get-without-body", get(b"/health", b"Expect: 100-continue"), OK, check=lambda r: None if r.interim == 0 else "100 for a request without a body")


def expecting(context, version=b"HTTP/1.1", length=None, *fields):
    """A connection on which a head that expects 100 was sent."""
    size = str(len(BODY) if length is None else length).encode()
    data = head(b"POST /generate", b"Content-Type: application/json", b"Content-Length: " + size, b"Expect: 100-continue", *fields)
    client = context.client()
    client.send(context.bytes(data.replace(b"HTTP/1.1", version)))
    return client


@T.script("M", "expect-100-continue")
def expect(context):
    """100 Continue, then 404 once the body is there"""
    with expecting(context) as client:
        status, _ = client.head(time.monotonic() + 5)
        if status != 100:
            raise Failure(f"{status} before the body")
        client.send(BODY)
        response = client.response()
        if response.status != 404 or response.interim:
            raise Failure(str(response))


@T.script("M", "expect-http10-no-1xx")
def expect_old(context):
    """nothing before the body, then 404: HTTP/1.0 knows no 100"""
    with expecting(context, b"HTTP/1.0") as client:
        if client.wait(0.5):
            raise Failure(f"before the body came {client.buffer!r}")
        client.send(BODY)
        response = client.response()
        if response.status not in {404, 417}:
            raise Failure(str(response))


@T.script("M", "expect-too-large-413-instead")
def expect_large(context):
    """413 in place of 100"""
    with expecting(context, length=1 << 40) as client:
        response = client.response()
        if response.status != 413 or response.interim:
            raise Failure(str(response))


def refused_by_head(name, data, statuses, **more):
    def run(context):
        with context.client() as client:
            client.send(context.bytes(data, token=more.get("token", True)))
            response = client.response()
            if response.status not in statuses or response.interim:
                raise Failure(f"{response.interim} times 100, then {response}")
    run.__doc__ = f"{'/'.join(map(str, sorted(statuses)))} in place of 100, before the body is sent"
    T.add("S", f"expect-{name}-instead", script=run, needs=more.get("needs", frozenset()))


LATER = [b"Content-Length: 100000", b"Expect: 100-continue"]
JSON = b"Content-Type: application/json"
refused_by_head("404", head(b"POST /no-such", JSON, *LATER), {401, 404})
refused_by_head("405", head(b"POST /health", JSON, *LATER), {405})
refused_by_head("415", head(b"POST /generate", b"Content-Type: text/plain", *LATER), {415})
refused_by_head("403", head(b"POST /generate", JSON, b"Origin: http://evil.example", *LATER), {403})
refused_by_head("421", head(b"POST /generate", JSON, *LATER).replace(b"{HOST}", b"evil.example"), {401, 421})
refused_by_head("401", head(b"POST /generate", JSON, *LATER), {401}, token=False, needs=frozenset({"token"}))


def times(name, count=20, pause=0.0):
    """A case that does something on each of many connections, after which the server must be well."""
    def decorate(function):
        def run(context):
            for _ in range(count):
                with context.client() as client:
                    function(context, client)
                    time.sleep(pause)
            context.expect_alive()
        run.__doc__ = "/health answers afterwards"
        T.add("M", name, script=run)
    return decorate


@times("connect-close-x20")
def _(context, client):
    pass


@times("connect-reset-x20")
def _(context, client):
    client.reset()


@times("partial-request-line-close-x20")
def _(context, client):
    client.send(b"GET /hea")


@times("partial-head-reset-x20")
def _(context, client):
    client.send(b"GET /health HTTP/1.1\r\nHo")
    client.reset()


@times("partial-body-close-x20")
def _(context, client):
    client.send(context.bytes(post(BODY)[:-20]))


@times("partial-chunk-close-x20")
def _(context, client):
    client.send(context.bytes(chunked(b"6b\r\n" + BODY[:30])))


@times("post-then-rst-x20")
def _(context, client):
    client.send(context.bytes(post()))
    client.reset()


@times("pipeline-then-rst-x20")
def _(context, client):
    client.send(context.bytes(get() * 100))
    client.reset()


@times("half-close-then-close-x20", pause=0.01)
def _(context, client):
    client.send(context.bytes(get()))
    client.half_close()


@times("read-half-a-response-then-rst-x20", pause=0.01)
def _(context, client):
    client.send(context.bytes(get(b"/models") * 20))
    client.socket.setblocking(True)
    client.socket.recv(100)
    client.reset()


@T.script("M", "h1spec-fragments-wait-and-complete")
def fragments(context):
    """nothing while a head is incomplete, 200 when it is whole"""
    data = context.bytes(get())
    with context.client() as client:
        for cut in (b"GET", b" /health HTTP/1.1\r\n", b"Host: "):
            client.send(data[: len(cut)])
            data = data[len(cut) :]
            if client.wait(0.2):
                raise Failure(f"answered an incomplete head with {client.buffer!r}")
        client.send(data)
        if (response := client.response()).status != 200:
            raise Failure(str(response))


@T.script("M", "pipeline-slow-reader-in-order")
def slow_reader(context):
    """300 large answers in order to a client that reads little at a time"""
    with context.client(receive_buffer=4096, patience=20) as client:
        client.socket.setblocking(True)
        client.socket.sendall(context.bytes(get(b"/models") + get()) * 300)
        time.sleep(0.5)
        client.socket.setblocking(False)
        for index in range(600):
            response = client.response()
            if (b'"models"' in response.body) == bool(index % 2):
                raise Failure(f"answer {index} is {response}")


@T.script("M", "two-requests-one-connection-each-answered-before-the-next")
def in_turn(context):
    """each of 50 requests answered on the one connection"""
    with context.client() as client:
        for index in range(50):
            client.send(context.bytes(get() if index % 3 else post()))
            try:
                response = client.response()
            except Closed:
                raise Failure(f"closed before answer {index}")
            if response.status != (200 if index % 3 else 404):
                raise Failure(str(response))
