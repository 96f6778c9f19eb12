"""POST /v1/images/generations, as OpenAI's clients speak to it (api.md §3)."""

import json

from case import BASE, INVALID, MODEL, Failure, Table, get, head, post, post_json

T = Table("openai")
CASES = T.cases
PATH = b"/v1/images/generations"
# n and streams are not made everywhere yet, so a right body may be refused for what it asks.
ANY = {200, 201, 202, 400, 404, 422, 429, 503}


# A right body but for one field. What `url`, the default, comes to is another matter.
RIGHT = {"prompt": "a", "response_format": "b64_json"}


def request(value, *fields):
    return post_json(value, *fields, path=PATH)


def names(param):
    """The error is in OpenAI's form and names the field."""
    def check(response):
        error = (response.json or {}).get("error")
        if not isinstance(error, dict):
            return "not {\"error\": …}"
        return None if error.get("param") == param else f"param is {error.get('param')!r}"
    return check


def openai(response):
    return None if isinstance((response.json or {}).get("error"), dict) else "not {\"error\": …}"


def wrong(name, field, value, statuses=INVALID):
    T.add("P", name, request({**RIGHT, field: value}), statuses, fate="kept", check=names(field))


T.add("P", "prompt-missing", request({"n": 1}), INVALID, check=names("prompt"))
T.add("P", "prompt-missing-in-empty", request({}), INVALID, check=names("prompt"))
for name, value in (("number", 1), ("null", None), ("list", ["a"]), ("object", {"a": 1}), ("true", True)):
    wrong(f"prompt-{name}", "prompt", value)
T.add("S", "prompt-empty", request({"prompt": "", "model": MODEL}), ANY)
T.add("S", "prompt-40k-chars", request({"prompt": "a" * 40000}), {400, 413, 422}, check=names("prompt"))
T.add("P", "unknown-model", request({"prompt": "a", "model": MODEL}), {400, 404}, fate="kept", check=openai)
T.add("P", "unknown-model-is-404", request({**RIGHT, "model": MODEL}), {404}, fate="kept", check=names("model"))
for name, value in (("number", 5), ("list", [MODEL]), ("true", True)):
    wrong(f"model-{name}", "model", value)
for name, value in (("traversal", "../../etc/passwd"), ("url", "http://127.0.0.1/x"), ("nul", "a\0b"), ("long", "m" * 10000), ("empty", ""), ("newline", "a\r\nX: y")):
    T.add("X", f"model-{name}", request({"prompt": "a", "model": value}), {400, 404, 422}, fate="kept", check=openai)
for value in (0, -1, 11, 100, 10**9, 2**63, -(2**63) - 1, 10**30):
    name = {10**9: "n-1e9", 10**30: "n-1e30"}.get(value, f"n-{value}")
    T.add("P", name, request({**RIGHT, "n": value}), {400, 404, 422}, check=names("n"))
for name, value in (("fraction", 1.5), ("list", [1]), ("object", {}), ("word", "two"), ("empty", "")):
    T.add("P", f"n-{name}", request({**RIGHT, "n": value}), {400, 404, 422}, check=names("n"))
T.add("P", "n-string", request({"prompt": "a", "n": "2"}), ANY)
nulls = ["n", "size", "quality", "style", "background", "user", "response_format", "output_format", "output_compression", "stream", "partial_images", "seed"]
T.add("P", "n-null-ok", request({"prompt": "a", "model": MODEL, **{name: None for name in nulls}}), ANY, check=lambda r: "null is refused" if r.status == 422 else None)
T.add("P", "n-1-and-all-defaults", request({"prompt": "a", "model": MODEL, "n": 1, "size": "auto", "quality": "auto", "response_format": "b64_json", "output_format": "png"}), {400, 404}, check=openai)
for size in ("0x0", "-1x-1", "abc", "1024x1024x3", "1x", "x1", "1024X1024 ", "../x", "", "x", "1024", "1024*1024", "1024×1024", "1e3x1e3", "1024.0x1024", "+512x512", " 512x512", "0512x512x",
             "99999999999999999999x1", "1x99999999999999999999", "63x64", "65x64", "4096x4096", "8192x8192", "2147483648x64", "512x512\0", "512x512\n", "٥١٢x٥١٢", "0x200x0x200", "512 x 512"):
    wrong(f"size-{size}" if size and size.isprintable() else {"": "size-empty", "512x512\0": "size-nul", "512x512\n": "size-newline"}[size], "size", size)
for name, value in (("number", 512), ("list", [512, 512]), ("object", {"width": 512}), ("true", True)):
    wrong(f"size-{name}", "size", value)
for field, values in {
    "response_format": ["png", "", "B64_JSON", 5, ["b64_json"], "url "], "output_format": ["gif", "", "PNG ", 5, "svg"], "quality": [5, ["hd"], {}], "style": [5, []], "background": [5, "plaid"],
    "output_compression": [-1, 101, 1.5, "much", []], "partial_images": [-1, 4, 1.5, "x"], "stream": ["perhaps", 5, []], "user": [5, [], {}],
    "seed": [-2, 2**63, 1.5, "x", []], "steps": [0, 151, 1.5, "x"], "cfg_scale": [-1, 31, "x", []], "scheduler": ["no-such", 5, []], "negative_prompt": [5, [], "a" * 10001],
}.items():
    for index, value in enumerate(values):
        T.add("P", f"{field}-wrong-{index}", request({**RIGHT, field: value}), INVALID, fate="kept", check=names(field))
T.add("P", "unknown-field", request({**RIGHT, "promt": "b"}), INVALID, check=names("promt"))
T.add("P", "width-is-not-a-field", request({**RIGHT, "width": 512}), INVALID, check=names("width"))
T.add("X", "webhook-is-not-a-field", request({"prompt": "a", "webhook": "http://127.0.0.1:1/"}), INVALID)

T.add("X", "content-type-text", post(b'{"prompt":"a"}', path=PATH, type=b"text/plain"), {400, 403, 415}, check=openai)
T.add("X", "content-type-none", post(b'{"prompt":"a"}', path=PATH, type=None), {400, 403, 415}, check=openai)
T.add("X", "content-type-multipart", post(b'{"prompt":"a"}', path=PATH, type=b"multipart/form-data; boundary=x"), {400, 403, 415}, check=openai)
for name, body in {
    "empty": b"", "null": b"null", "list": b"[]", "text": b'"a"', "truncated": b'{"prompt":', "nan": b'{"prompt":"a","n":NaN}', "doubled-key": b'{"prompt":"a","prompt":"b"}',
    "bad-utf8": b'{"prompt":"\xff"}', "surrogate": b'{"prompt":"\\ud800"}', "deep": b'{"prompt":' + b"[" * 5000 + b"]" * 5000 + b"}", "trailing": b'{"prompt":"a"}x', "bom": b'\xef\xbb\xbf{"prompt":"a"}',
    "utf16": '{"prompt":"a"}'.encode("utf-16"), "100k-members": b'{"prompt":"a"' + b"".join(b',"k%d":1' % i for i in range(100_000)) + b"}",
}.items():
    T.add("P", f"body-{name}", post(body, path=PATH), INVALID, check=openai)
T.add("M", "body-32-mib-413", post(b"", path=PATH, length=b"33554433"), {413}, fate="closed")
T.add("M", "pipelined", (request({"n": 1}) + get()) * 3, [INVALID, {200}], count=6, fate="kept")
T.add("P", "every-error-has-a-request-id", request({"n": 1}, b"X-Request-Id: my-id.1"), INVALID, check=lambda r: None if r["x-request-id"] == "my-id.1" else "another id")
T.add("P", "organization-headers-ignored", request({"n": 1}, b"OpenAI-Organization: x", b"OpenAI-Project: y", b"X-Stainless-Lang: python"), INVALID)
T.add("P", "get-is-405", head(b"GET " + PATH), {405})
T.add("P", "generate-fields-elsewhere", request({**BASE}), INVALID)


@T.script("P", "errors-have-types-clients-know")
def types(context):
    """error.type is invalid_request_error for mistakes of the request, and message is a sentence"""
    for body in ({"n": 1}, {"prompt": "a", "size": "abc"}, {"prompt": "a", "model": MODEL}):
        error = (context.exchange(request(body)).json or {}).get("error") or {}
        if error.get("type") != "invalid_request_error" or not isinstance(error.get("message"), str) or len(error["message"]) < 8:
            raise Failure(json.dumps(error))
