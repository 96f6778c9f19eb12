"""What a listed origin may do (api.md §6): run with --origin, against a server started with --allow-origin."""

from case import BODY, Table, get, head, post

T = Table("cors")
CASES = T.cases
WITH = frozenset({"origin"})
ASKED = [b"Access-Control-Request-Method: POST", b"Access-Control-Request-Headers: authorization, content-type"]


def granted(response):
    if response["access-control-allow-origin"] in (None, "*"):
        return f"Access-Control-Allow-Origin is {response['access-control-allow-origin']!r}"
    if "origin" not in (response["vary"] or "").lower():
        return "no Vary: Origin, so that a cache may mix origins"
    if response["access-control-allow-credentials"] or response["access-control-allow-private-network"]:
        return "grants more than was asked for"


def preflight(response):
    methods = (response["access-control-allow-methods"] or "").replace(" ", "").split(",")
    fields = (response["access-control-allow-headers"] or "").lower()
    if problem := granted(response):
        return problem
    return None if "POST" in methods and "content-type" in fields and "authorization" in fields else "a preflight that lets nothing through"


def refused(response):
    return "granted" if response["access-control-allow-origin"] else None


def add(level, name, data, allow, check, **more):
    T.add(level, name, data, allow, needs=WITH, check=check, **more)


ORIGIN = b"Origin: {ORIGIN}"
add("P", "get-of-a-listed-origin", get(b"/models", ORIGIN), {200}, granted)
add("P", "post-of-a-listed-origin", post(BODY, ORIGIN), {404}, granted)
add("P", "error-of-a-listed-origin-can-be-read", post(b"{}", ORIGIN), {422}, granted)
add("P", "health-of-a-listed-origin", get(b"/health", ORIGIN), {200}, granted)
add("P", "preflight", head(b"OPTIONS /generate", ORIGIN, *ASKED), {200, 204}, preflight, token=False)
add("P", "preflight-of-the-openai-route", head(b"OPTIONS /v1/images/generations", ORIGIN, *ASKED), {200, 204}, preflight, token=False)
add("X", "preflight-of-a-foreign-origin", head(b"OPTIONS /generate", b"Origin: http://evil.example", *ASKED), {200, 204, 400, 401, 403}, refused)
add("X", "private-network-is-not-granted", head(b"OPTIONS /generate", ORIGIN, *ASKED, b"Access-Control-Request-Private-Network: true"), {200, 204}, preflight, token=False)
for name, origin in (("foreign", b"http://evil.example"), ("null", b"null"), ("prefix", b"{ORIGIN}.evil.example"), ("suffix", b"http://x{PLAIN}"), ("port", b"{ORIGIN}:1"), ("trailing-slash", b"{ORIGIN}/"), ("list", b"{ORIGIN} http://evil.example")):
    add("X", f"post-{name}-refused", post(BODY, b"Origin: " + origin), {400, 403}, refused)
add("X", "origin-twice-refused", post(BODY, ORIGIN, b"Origin: http://evil.example"), {400, 403}, refused)
