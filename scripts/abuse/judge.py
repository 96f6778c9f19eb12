"""Runs one case and says what is wrong with what came of it."""

import email.utils
import re
import time

from case import Case, Failure, post_json
from client import Client, Closed

# Words no client should read in an error, unless it sent them itself.
LEAK = re.compile(
    rb"/(?:root|home|tmp|usr|opt|var|work|workspace|Users)/[\w./-]+|0x[0-9a-fA-F]{6,}|\b\w{1,40}\.swift\b"
    rb"|Fatal error|Traceback|Optional\(|Swift\.[A-Z]\w+"
)
HEALTH = b"GET /health HTTP/1.1\r\nHost: {HOST}\r\n\r\n"


class Context:
    """What cases know about the server."""

    def __init__(self, host, port, token=None, origin=None, max_connections=4096):
        self.address = (host, port)
        self.host = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        self.token, self.origin, self.max_connections = token, origin, max_connections
        self.model = None  # one that pictures can be made with

    @property
    def options(self):
        have = {"token": self.token, "origin": self.origin, "no-token": not self.token, "model": self.model}
        return {name for name, value in have.items() if value}

    def client(self, **more):
        return Client(self.address, **more)

    def bytes(self, data, token=True):
        return Case("M", "", data, token=token).bytes_for(self)

    def exchange(self, data, token=True, **more):
        """One request on its own connection, and its response."""
        with self.client(**more) as client:
            client.send(self.bytes(data, token))
            try:
                return client.response(to_head=data.startswith(b"HEAD "))
            except Closed:
                raise Failure("closed without a response")

    def find_model(self):
        """Looks for a model that a small picture can be made with, and remembers it."""
        for model in self.exchange(HEALTH).json["available_models"]:
            body = {"prompt": "a", "model": model, "width": 64, "height": 64, "steps": 1, "seed": 1}
            if self.exchange(post_json(body), patience=60).status == 200:
                self.model = model
                return

    def expect_alive(self):
        response = self.exchange(HEALTH)
        if response.status != 200:
            raise Failure(f"/health answers {response}")


def standing_rules(response, sent):
    """What holds for every response; returns the first rule that does not."""
    if response["x-content-type-options"] != "nosniff":
        return "no X-Content-Type-Options: nosniff"
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,64}", response["x-request-id"] or ""):
        return f"X-Request-Id is {response['x-request-id']!r}"
    if not response["server"]:
        return "no Server"
    try:
        date = email.utils.parsedate_to_datetime(response["date"]).timestamp()
    except (TypeError, ValueError):
        return f"Date is {response['date']!r}"
    if abs(date - time.time()) > 5:
        return f"Date is {response['date']!r}"
    if response.status in (204, 304):
        return "a 204 with Content-Length" if response["content-length"] else None
    if response["content-length"] is None and response["transfer-encoding"] is None:
        if response["connection"] != "close":
            return "neither Content-Length nor chunked"
    return of_error(response, sent) if response.status >= 400 else None


def of_error(response, sent):
    status = response.status
    if status == 405 and not response["allow"]:
        return "405 without Allow"
    if status == 401 and not (response["www-authenticate"] or "").startswith("Bearer"):
        return "401 without WWW-Authenticate: Bearer"
    if status in (429, 503) and not is_probe(sent) and not re.fullmatch(r"[1-9]\d*", response["retry-after"] or "1"):
        return f"Retry-After is {response['retry-after']!r}"
    if status == 429 and not response["retry-after"]:
        return "429 without Retry-After"
    if sent.startswith(b"HEAD ") or not response.body:
        return None if sent.startswith(b"HEAD ") else "an error without a body"
    for match in LEAK.finditer(response.body):
        if match.group() not in sent:
            return f"the error tells {match.group()!r}"
    if (response["content-type"] or "").startswith("text/html"):
        return None if status == 401 else "an error in HTML"
    return form_of_error(response)


def is_probe(sent):
    return sent.startswith((b"GET /readyz", b"HEAD /readyz"))


def form_of_error(response):
    if not (response["content-type"] or "").startswith("application/json"):
        return f"an error of type {response['content-type']!r}"
    value = response.json
    if not isinstance(value, dict):
        return "an error that is not a JSON object"
    if isinstance(value.get("error"), dict):
        wanted = {"message", "type", "param", "code"}
        return None if wanted <= value["error"].keys() else f"error lacks {wanted - value['error'].keys()}"
    if value.get("ready") is False:
        return None
    if not isinstance(value.get("code"), str) or not re.fullmatch("[a-z0-9_]+", value["code"]):
        return f"code is {value.get('code')!r}"
    if not isinstance(value.get("detail"), (str, list)) or not value["detail"]:
        return f"detail is {value.get('detail')!r}"
    return None


def allowed(case, index):
    return case.allow[index % len(case.allow)] if isinstance(case.allow, list) else case.allow


def judge(case, context):
    """Raises Failure when the server did not do as it should."""
    if case.script:
        return case.script(context)
    data = case.bytes_for(context)
    with context.client(patience=case.patience) as client:
        client.send(data, split=case.split)
        if case.half_close:
            client.half_close()
        responses = []
        for index in range(case.count):
            if case.waiting and index == 0 and not client.wait(0.3):
                return
            try:
                response = client.response(to_head=data.startswith(b"HEAD "))
            except Closed:
                if case.silent:
                    return
                raise Failure(f"closed before response {index + 1}")
            responses.append(response)
            if response.status not in allowed(case, index):
                raise Failure(f"response {index + 1} is {response}")
            if problem := standing_rules(response, data):
                raise Failure(f"{problem}: {response}")
        if case.check and (problem := case.check(*responses)):
            raise Failure(f"{problem}: {responses[-1]}")
        check_fate(case, client, responses[-1], context)


def check_fate(case, client, last, context):
    if case.fate == "closed":
        rest = client.rest()
        if rest:
            raise Failure(f"after the last response came {rest[:300]!r}")
        if last["connection"] != "close":
            raise Failure(f"closed without saying so: {last}")
    elif case.fate == "kept":
        if last["connection"] == "close":
            raise Failure(f"not kept: {last}")
        client.send(context.bytes(HEALTH))
        try:
            following = client.response()
        except Closed:
            raise Failure("closed, so that the next request got no response")
        if following.status != 200:
            raise Failure(f"the next request got {following}")
    elif client.wait(0.03) and client.buffer:
        raise Failure(f"one response too many: {client.buffer[:300]!r}")
