"""Making pictures: the queue, hang-ups, events, jobs (api.md §4). Run where the server makes pictures."""

import json
import re
import threading
import time

from case import Failure, Table, get, head, post_json
from client import Closed

T = Table("admission")
CASES = T.cases
WITH = frozenset({"model"})
STREAM = b"Accept: text/event-stream"


def picture(context, steps=1, **more):
    return {"prompt": "a red circle", "model": context.model, "width": 64, "height": 64, "steps": steps, "seed": 1, **more}


def script(level, name, **more):
    return T.script(level, name, needs=WITH, alone=True, **more)


def made(context, steps=1, *fields, **more):
    response = context.exchange(post_json(picture(context, steps, **more), *fields), patience=120)
    if response.status != 200:
        raise Failure(str(response))
    return response


@script("M", "same-request-same-picture")
def same(context):
    """200 and the same bytes twice"""
    first, second = (made(context, 2).json["image"] for _ in range(2))
    if first != second:
        raise Failure("the pictures differ")


@script("M", "client-disconnect-mid-generation")
def disconnect(context):
    """a picture after one whose client hung up takes no longer than half of what the abandoned one would have"""
    start = time.monotonic()
    made(context, 150)
    whole = time.monotonic() - start
    for ending in ("close", "reset"):
        with context.client() as client:
            client.send(context.bytes(post_json(picture(context, 150))))
            client.wait(whole / 5)
            getattr(client, ending)()
        start = time.monotonic()
        made(context)
        if time.monotonic() - start > whole / 2 + 0.1:
            raise Failure(f"{time.monotonic() - start:.2f} s after {ending}; a whole one takes {whole:.2f} s")
    context.expect_alive()


@script("M", "half-closed-client-gets-its-picture")
def half_closed(context):
    """200 for a client that ends its side after the request"""
    with context.client(patience=60) as client:
        client.send(context.bytes(post_json(picture(context, 20))))
        client.half_close()
        if (response := client.response()).status != 200:
            raise Failure(str(response))


@script("M", "full-queue-is-429-and-health-stays-quick")
def full(context):
    """200 or 429 with Retry-After for 100 at once, some of each, and /health within 100 ms beside them"""
    results, clients = [], [context.client(patience=120) for _ in range(100)]

    def wait(client):
        with client:
            try:
                response = client.response()
            except (Closed, Failure) as error:
                results.append(f"no answer: {error}")
                return
            retry = response["retry-after"]
            if response.status == 429 and (not re.fullmatch("[1-9][0-9]*", retry or "") or response.json["code"] != "queue_full"):
                results.append(str(response))
            results.append(response.status)

    for client in clients:
        client.send(context.bytes(post_json(picture(context, 20))))
    threads = [threading.Thread(target=wait, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    slowest = 0
    for _ in range(20):
        start = time.monotonic()
        context.expect_alive()
        slowest = max(slowest, time.monotonic() - start)
    for thread in threads:
        thread.join()
    if {*results} != {200, 429}:
        raise Failure(f"{ {r: results.count(r) for r in results} }")
    if slowest > 0.1:
        raise Failure(f"/health took {slowest * 1000:.0f} ms")
    made(context)


@script("M", "pipelined-pictures-in-order")
def pipelined(context):
    """three pictures on one connection, each with its own seed, in order"""
    with context.client(patience=60) as client:
        client.send(context.bytes(b"".join(post_json(picture(context, 3, seed=seed)) for seed in (5, 6, 7))))
        seeds = [client.response().json["seed"] for _ in range(3)]
        if seeds != [5, 6, 7]:
            raise Failure(f"seeds {seeds}")


@script("X", "300-hang-ups")
def hang_ups(context):
    """all well after 300 requests whose clients went at once"""
    for _ in range(300):
        with context.client() as client:
            client.send(context.bytes(post_json(picture(context, 150))))
            client.reset()
    made(context)


def events(context, request, cut=None):
    """The events of a stream as (name, value), and the response's id. - cut: hangs up after an event of that name."""
    found = []
    with context.client(patience=60) as client:
        client.send(context.bytes(request))
        end = time.monotonic() + 60
        status, fields = client.head(end)
        fields = {name.lower(): value for name, value in fields}
        if status != 200 or not fields.get("content-type", "").startswith("text/event-stream"):
            raise Failure(f"{status} {fields}")
        text = b""
        while piece := client.chunk(end):
            text += piece
            while b"\n\n" in text:
                event, text = text.split(b"\n\n", 1)
                lines = [line.partition(b":") for line in event.split(b"\n")]
                values = {name: value.removeprefix(b" ") for name, _, value in lines if name}
                if values:
                    found.append((values[b"event"].decode(), json.loads(values[b"data"])))
                if cut and found and found[-1][0] == cut:
                    return found, fields
    return found, fields


@script("P", "events-of-a-picture")
def stream(context):
    """queued with id and position, steps that count up with an ETA, then completed with what a plain reply has"""
    found, fields = events(context, post_json(picture(context, 12), STREAM))
    kinds = [name for name, _ in found]
    if kinds[0] != "queued" or kinds[-1] != "completed" or set(kinds) - {"queued", "loading", "step", "preview", "completed"}:
        raise Failure(f"events {kinds}")
    if not {"id", "position"} <= found[0][1].keys():
        raise Failure(f"queued is {found[0][1]}")
    steps = [value for name, value in found if name == "step"]
    if not steps or any(not {"step", "steps", "eta_s"} <= value.keys() for value in steps) or [v["step"] for v in steps] != sorted({v["step"] for v in steps}):
        raise Failure(f"steps {steps}")
    if found[-1][1]["image"] != made(context, 12).json["image"]:
        raise Failure("another picture than the plain reply's")
    if fields.get("cache-control") != "no-store":
        raise Failure("a proxy may keep it")


@script("M", "events-hang-up-ends-the-job")
def stream_cut(context):
    """the job of a stream whose client hung up ends, and is shown as cancelled"""
    found, _ = events(context, post_json(picture(context, 150), STREAM), cut="step")
    made(context)
    path = f"/jobs/{found[0][1]['id']}".encode()
    for _ in range(20):
        response = context.exchange(get(path))
        if response.status == 200 and response.json.get("state", response.json.get("status")) == "cancelled":
            return
        time.sleep(0.1)
    raise Failure(str(response))


@script("P", "cancel-ends-a-job-and-is-idempotent")
def cancel(context):
    """200 three times for a cancelled job, whose own client gets 409"""
    with context.client(patience=30) as client:
        client.send(context.bytes(post_json(picture(context, 150), b"X-Request-Id: cancel-me")))
        cancelling = head(b"POST /jobs/cancel-me/cancel", b"Content-Length: 0")
        for _ in range(50):
            if context.exchange(get(b"/jobs/cancel-me")).status == 200:
                break
            time.sleep(0.01)
        for _ in range(3):
            if (response := context.exchange(cancelling)).status != 200:
                raise Failure(str(response))
        response = client.response()
        if response.status != 409 or response.json["code"] != "cancelled":
            raise Failure(str(response))


T.add("P", "events-of-a-wrong-request-are-plain", post_json({"prompt": 5}, STREAM), {422}, fate="kept")
T.add("P", "events-of-an-unknown-model-are-plain", post_json({"prompt": "a", "model": "no-such-model-7f3a"}, STREAM), {404}, fate="kept")
for value in (b"text/event-stream; q=0", b"text/*", b"*/*", b"text/event-streamx", b"application/json, text/event-stream", b",,,", b"text/event-stream;" + b"a=b;" * 500):
    T.add("S", f"accept-{value[:30].decode()}", post_json({"prompt": "a", "model": "no-such-model-7f3a"}, b"Accept: " + value), {404, 406})
for name, path in [("unknown", b"/jobs/no-such"), ("bad-id", b"/jobs/%00"), ("long-id", b"/jobs/" + b"a" * 4000), ("empty-id", b"/jobs/"), ("id-with-slash", b"/jobs/a%2fb"), ("id-blank", b"/jobs/%20")]:
    T.add("P", f"job-{name}", get(path), {400, 404})
    T.add("P", f"cancel-{name}", head(b"POST " + path + b"/cancel", b"Content-Length: 0"), {400, 404})
T.add("P", "job-unknown-code", get(b"/jobs/no-such"), {404}, check=lambda r: None if r.json["code"] == "job_not_found" else r.json["code"])
T.add("P", "cancel-get-is-405", get(b"/jobs/x/cancel"), {405})
for field, value in (("preview_every", -1), ("preview_every", "x"), ("preview_every", 1.5), ("preview_every", 10**9), ("detach", "perhaps"), ("detach", 5), ("detach", [])):
    T.add("P", f"{field}-{value}", post_json({"prompt": "a", field: value}, STREAM), {422}, fate="kept",
          check=lambda r, field=field: None if [d["loc"] for d in r.json["detail"]] == [["body", field]] and r.json["detail"][0]["type"] != "extra_forbidden" else "not at the field")
