"""What a case is: bytes to send, and what may come of them. The tables are made of these."""

import base64
import hashlib
import json
from dataclasses import dataclass, field
from typing import Callable, Optional

HOST = b"{HOST}"  # becomes the server's host:port
AUTH_AFTER = b"Host: {HOST}\r\n"  # the token, when there is one, follows this line

MODEL = "no-such-model-7f3a"
# A right body for a model that does not exist, so that nothing is drawn: 404.
BASE = {"prompt": "torture test", "width": 64, "height": 64, "steps": 1, "seed": 1}
BODY = json.dumps({**BASE, "model": MODEL}).encode()

# Sets of acceptable statuses, as the contract gives them.
OK = {200}
REFUSED = set(range(400, 506)) - {500, 502, 503, 504}
HOST_REFUSED = {400, 403, 421}
INVALID = {400, 422}
UNKNOWN = {400, 404, 422}
# A request whose answer depends on what this server can draw.
DRAWN = {200, 201, 202, 400, 422, 429, 503}
PICTURE = DRAWN | {413, 415}
BAD_PICTURE = {400, 413, 415, 422}


@dataclass
class Case:
    level: str  # M must, S should, P project, X hardening
    name: str  # family/name
    data: bytes = b""
    allow: object = None  # a set of statuses, or a list of sets: one for each response in turn
    count: int = 1  # responses
    fate: str = "either"  # of the connection: kept, closed or either
    silent: bool = False  # closing without a response will do
    waiting: bool = False  # so will waiting for more
    split: int = 0  # bytes a segment
    half_close: bool = False  # the client ends its side after sending
    token: bool = True  # whether the token, if there is one, is added
    check: Optional[Callable] = None  # looks at the responses; returns what is wrong
    script: Optional[Callable] = None  # does it all itself instead; raises Failure
    needs: frozenset = frozenset()  # options without which the case is left out
    slow: bool = False  # waits for a deadline of the server
    alone: bool = False  # must not run beside others
    patience: float = 8.0  # seconds

    def bytes_for(self, context):
        """What goes over the wire to that server."""
        data = self.data
        if context.token and self.token:
            data = data.replace(AUTH_AFTER, AUTH_AFTER + b"Authorization: Bearer " + context.token.encode() + b"\r\n")
        words = {}
        if "token" in self.needs:
            words |= spellings(context.token)
        if "origin" in self.needs:
            words |= {b"{ORIGIN}": context.origin.encode(), b"{PLAIN}": context.origin.split("//")[-1].encode()}
        for word, value in words.items():
            data = data.replace(word, value)
        return data.replace(HOST, context.host.encode())

    @property
    def family(self):
        return self.name.split("/")[0]


class Failure(Exception):
    pass


def spellings(token):
    """What stands for the token, and for what is nearly it, in the cases about tokens."""
    data = token.encode()
    return {
        b"{TOKEN}": data, b"{PREFIX}": data[:-1], b"{SUFFIX}": data[1:], b"{SWAPPED}": token.swapcase().encode(), b"{BASIC}": base64.b64encode(b"u:" + data),
        b"{BASE64}": base64.b64encode(data), b"{PERCENT}": b"".join(b"%%%02x" % c for c in data), b"{SHA256}": hashlib.sha256(data).hexdigest().encode(),
    }


@dataclass
class Table:
    """A family's cases."""

    family: str
    cases: list = field(default_factory=list)

    def add(self, level, name, data=b"", allow=None, count=1, fate="either", **more):
        self.cases.append(Case(level, f"{self.family}/{name}", data, allow, count, fate, **more))

    def script(self, level, name, **more):
        def decorate(function):
            self.add(level, name, script=function, **more)
            return function

        return decorate

    def rows(self, level, allow, fate, rows, **more):
        for name, data in rows:
            self.add(level, name, data, allow, 1, fate, **more)


def head(line, *fields):
    """A request's head with a right Host."""
    return line + b" HTTP/1.1\r\nHost: {HOST}\r\n" + b"".join(f + b"\r\n" for f in fields) + b"\r\n"


def get(path=b"/health", *fields):
    return head(b"GET " + path, *fields)


def post(body=BODY, *fields, path=b"/generate", type=b"application/json", length=None):
    lines = [] if type is None else [b"Content-Type: " + type]
    lines.append(b"Content-Length: " + (str(len(body)).encode() if length is None else length))
    return head(b"POST " + path, *lines, *fields) + body


def post_json(value, *fields, **more):
    return post(value if isinstance(value, bytes) else json.dumps(value).encode(), *fields, **more)


def chunked(tail, *fields, te=b"chunked", path=b"/generate"):
    """A POST whose body is given as it goes over the wire."""
    return head(b"POST " + path, b"Content-Type: application/json", b"Transfer-Encoding: " + te, *fields) + tail


def chunk(data, extension=b""):
    return b"%x" % len(data) + extension + b"\r\n" + data + b"\r\n"
