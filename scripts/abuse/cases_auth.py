"""Tokens (RFC 6750): one `Authorization: Bearer TOKEN`, or 401 with a challenge. Run with --token.

`{TOKEN}` becomes the token; none of these requests gets it added.
"""

from case import BODY, OK, Failure, Table, get, head, post

T = Table("auth")
CASES = T.cases
WITH = frozenset({"token"})
CLOSED = {400, 401, 403, 431}
GET_CLOSED = ["/models", "/loras", "/metrics", "/openapi.json", "/v1/gateway/status", "/jobs", "/jobs/x"]
POST_CLOSED = ["/generate", "/", "/v1/images/generations", "/v1/images/edits", "/jobs/x/cancel"]


def add(level, name, data, allow, **more):
    T.add(level, name, data, allow, token=False, needs=WITH, **more)


def named(path):
    return path.strip("/").replace("/", "-") or "root"


def authorised(value):
    return post(BODY, b"Authorization: " + value)


add("M", "no-token-401", post(), {401}, fate="kept")
add("M", "right-token", authorised(b"Bearer {TOKEN}"), {404}, fate="kept")
add("S", "scheme-any-case", authorised(b"bEaReR {TOKEN}"), {404}, fate="kept")
add("S", "blanks-between-scheme-and-token", authorised(b"Bearer   {TOKEN}"), {401, 404})
add("M", "blanks-around-the-value", authorised(b" \t Bearer {TOKEN} \t"), {404}, fate="kept")
for path in ("/health", "/healthz"):
    add("P", f"{named(path)}-open-without-token", get(path.encode()), OK, fate="kept")
    add("P", f"{named(path)}-open-with-a-wrong-one", get(path.encode(), b"Authorization: Bearer wrong"), OK, fate="kept")
add("P", "readyz-open-without-token", get(b"/readyz"), {200, 503}, fate="kept")
for path in GET_CLOSED:
    add("X", f"{named(path)}-closed-without-token", get(path.encode()), {401}, fate="kept")
    add("X", f"head-{named(path)}-closed-without-token", head(b"HEAD " + path.encode()), {401}, fate="kept")
for path in POST_CLOSED:
    add("M", f"{'openai-route' if path.endswith('generations') else named(path)}-closed", post(b"{}", path=path.encode()), {401})
for path in ("/no-such", "/v1/models/../x", "/generate/", "/HEALTH", "/health/x", "/healthz/", "/docs/x", "/openapi.json/"):
    add("X", f"unknown-path-tells-nothing{named(path)}", get(path.encode()), {401})
add("X", "docs-closed-or-harmless", get(b"/docs"), {200, 401})
for method in ("PUT", "DELETE", "PATCH", "BREW"):
    add("X", f"{method.lower()}-generate-closed", head(method.encode() + b" /generate"), {401, 405, 501})
add("X", "options-generate-grants-nothing", head(b"OPTIONS /generate"), {200, 204, 401})

WRONG = {
    "token-wrong": b"Bearer wrong", "token-empty": b"Bearer ", "token-scheme-only": b"Bearer", "token-value-empty": b"", "token-blank": b" ",
    "token-bare": b"{TOKEN}", "token-basic-scheme": b"Basic {BASIC}", "token-digest-scheme": b'Digest username="u", response="{TOKEN}"',
    "token-other-scheme": b"Token {TOKEN}", "token-two-tokens": b"Bearer {TOKEN}, Bearer x", "token-two-words": b"Bearer {TOKEN} x", "token-x-then-right": b"Bearer x {TOKEN}",
    "token-prefix": b"Bearer {PREFIX}", "token-suffix": b"Bearer {SUFFIX}", "token-doubled": b"Bearer {TOKEN}{TOKEN}", "token-appended": b"Bearer {TOKEN}x",
    "token-prepended": b"Bearer x{TOKEN}", "token-case-changed": b"Bearer {SWAPPED}", "token-quoted": b'Bearer "{TOKEN}"', "token-no-blank": b"Bearer{TOKEN}",
    "token-colon": b"Bearer: {TOKEN}", "token-equals": b"Bearer={TOKEN}", "token-comma": b"Bearer ,{TOKEN}", "token-param": b"Bearer token={TOKEN}",
    "token-percent": b"Bearer {PERCENT}", "token-base64": b"Bearer {BASE64}", "token-tab": b"Bearer\t{TOKEN}", "token-scheme-twice": b"Bearer Bearer {TOKEN}",
    "token-null": b"Bearer null", "token-undefined": b"Bearer undefined", "token-star": b"Bearer *", "token-sql": b"Bearer ' OR 1=1 --", "token-8-bit": b"Bearer \xe9{TOKEN}",
    "token-fullwidth": "Bearer ｔｏｋｅｎ".encode(), "token-20k": b"Bearer " + b"a" * 20000, "token-8k-right-first": b"Bearer {TOKEN}" + b"a" * 8000, "token-one-character": b"Bearer a",
    "token-none-algorithm": b"Bearer eyJhbGciOiJub25lIn0.e30.", "token-digest-of-it": b"Bearer sha256:{SHA256}", "token-its-sha256": b"Bearer {SHA256}",
}
for name, value in WRONG.items():
    add("M", name, authorised(value), CLOSED)
add("M", "token-nul", authorised(b"Bearer {TOKEN}\0"), CLOSED, silent=True)
add("M", "token-folded", post(BODY, b"Authorization: Bearer\r\n {TOKEN}"), CLOSED, silent=True)
add("M", "space-before-colon", post(BODY, b"Authorization : Bearer {TOKEN}"), CLOSED, silent=True)
add("M", "duplicate-authorization", post(BODY, b"Authorization: Bearer wrong", b"Authorization: Bearer {TOKEN}"), {400, 401, 403})
add("M", "duplicate-authorization-right-first", post(BODY, b"Authorization: Bearer {TOKEN}", b"Authorization: Bearer wrong"), {400, 401, 403})
add("M", "duplicate-authorization-both-right", post(BODY, b"Authorization: Bearer {TOKEN}", b"Authorization: Bearer {TOKEN}"), {400, 401, 403})
add("M", "in-a-trailer", head(b"POST /generate", b"Content-Type: application/json", b"Transfer-Encoding: chunked")
    + b"%x\r\n" % len(BODY) + BODY + b"\r\n0\r\nAuthorization: Bearer {TOKEN}\r\n\r\n", {400, 401})

PLACES = {
    "token-in-query": post(path=b"/generate?token={TOKEN}&access_token={TOKEN}"), "token-as-user": post().replace(b"Host: {HOST}", b"Host: x:{TOKEN}@{HOST}"),
    "token-in-cookie": post(BODY, b"Cookie: token={TOKEN}; Authorization=Bearer {TOKEN}"), "token-in-x-api-key": post(BODY, b"X-Api-Key: {TOKEN}"), "token-in-api-key": post(BODY, b"Api-Key: {TOKEN}"),
    "token-in-proxy-authorization": post(BODY, b"Proxy-Authorization: Bearer {TOKEN}"), "token-in-underscore": post(BODY, b"Authorisation: Bearer {TOKEN}"),
    "token-in-x-authorization": post(BODY, b"X-Authorization: Bearer {TOKEN}"),
    "token-in-sec-websocket": post(BODY, b"Sec-WebSocket-Protocol: {TOKEN}"), "token-in-request-id": post(BODY, b"X-Request-Id: {TOKEN}"),
}
for name, data in PLACES.items():
    add("X", f"{name}-not-accepted", data, {400, 401, 403, 404, 421}, silent="user" in name, check=lambda r: "let in" if r.status == 404 else None)

CONFUSED = {
    "host-path-confusion": post().replace(b"Host: {HOST}", b"Host: {HOST}/health?"), "host-backslash-confusion": post().replace(b"Host: {HOST}", b"Host: {HOST}\\\\health"),
    "host-fragment-confusion": post().replace(b"Host: {HOST}", b"Host: {HOST}#/health"), "encoded-path-bypass": post(path=b"/%67enerate"),
    "double-slash-bypass": post(path=b"//generate"), "dot-bypass": post(path=b"/./generate"), "dotdot-bypass": post(path=b"/health/../generate"),
    "encoded-dotdot-bypass": post(path=b"/health/%2e%2e/generate"), "semicolon-bypass": post(path=b"/health;/../generate"), "case-bypass": post(path=b"/Generate"),
    "trailing-slash-bypass": post(path=b"/generate/"), "query-bypass": post(path=b"/generate?/health"), "null-bypass": post(path=b"/generate%00/health"),
    "x-original-url": post(BODY, b"X-Original-URL: /health"), "x-rewrite-url": post(BODY, b"X-Rewrite-URL: /health"), "x-forwarded-for-loopback": post(BODY, b"X-Forwarded-For: 127.0.0.1"),
    "x-real-ip-loopback": post(BODY, b"X-Real-IP: 127.0.0.1"), "forwarded": post(BODY, b"Forwarded: for=127.0.0.1;host=localhost"), "method-override": post(BODY, b"X-HTTP-Method-Override: GET"),
    "absolute-form-dotdot-bypass": post().replace(b"POST /generate", b"POST http://{HOST}/health/../generate"),
    "absolute-form-userinfo-bypass": post().replace(b"POST /generate", b"POST http://health@{HOST}/generate"), "referer": post(BODY, b"Referer: http://{HOST}/docs"),
    "upgrade-bypass": post(BODY, b"Connection: Upgrade", b"Upgrade: h2c"), "connection-names-authorization": post(BODY, b"Connection: Authorization"),
}
for name, data in CONFUSED.items():
    add("M", name, data, {301, 307, 308, 400, 401, 403, 404, 405, 421}, silent=True, check=lambda r: "let in" if b"model" in r.body and r.status == 404 else None)

add("M", "second-request-needs-it-too", authorised(b"Bearer {TOKEN}") + post(), [{404}, {401}], count=2, fate="kept")
add("M", "refused-then-let-in", post() + authorised(b"Bearer {TOKEN}"), [{401}, {404}], count=2, fate="kept")
add("X", "401-before-reading-10gb-body", post(b"{", length=b"10737418240"), {400, 401, 403, 413}, fate="closed")
add("X", "401-before-reading-1mb-body", post(b"", length=b"1000000"), {401}, fate="closed")
add("X", "401-before-chunked-body", head(b"POST /generate", b"Content-Type: application/json", b"Transfer-Encoding: chunked"), {401}, fate="closed")
add("X", "401-before-422", post(b"{}"), {401})
add("X", "401-before-415", post(type=b"text/plain"), {401})
add("X", "401-names-no-model", post(), {401}, check=lambda r: "names a model" if b"animagine" in r.body else None)
add("X", "401-does-not-repeat-the-token", authorised(b"Bearer hunter2hunter2"), {401}, check=lambda r: "repeats it" if "hunter2" in str(r) else None)


@T.script("X", "wrong-token-takes-no-longer-near-the-end", needs=WITH)
def timing(context):
    """the same time, within a factor, for tokens that differ in their first and their last character"""
    import statistics
    import time
    token = context.token
    flip = lambda c: "y" if c == "x" else "x"
    tokens = [flip(token[0]) + token[1:], token[:-1] + flip(token[-1])]
    times = [[], []]
    with context.client() as client:
        for _ in range(200):
            for index, value in enumerate(tokens):
                start = time.perf_counter()
                client.send(context.bytes(get(b"/models", b"Authorization: Bearer " + value.encode()), token=False))
                if client.response().status != 401:
                    raise Failure("let in")
                times[index].append(time.perf_counter() - start)
    first, last = map(statistics.median, times)
    if not 0.5 < first / last < 2:
        raise Failure(f"{first * 1e6:.0f} and {last * 1e6:.0f} µs")
