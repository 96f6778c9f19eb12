"""Routes, methods and paths (api.md §1 and §2)."""

import re

from case import OK, Table, get, head, post

T = Table("routes")
CASES = T.cases
# Open routes answer anyone; the others want the token first.
GETS = ["/health", "/healthz", "/models", "/loras", "/metrics", "/openapi.json", "/docs", "/v1/gateway/status", "/jobs"]
POSTS = ["/generate", "/v1/images/generations", "/v1/images/edits"]
NONE = {301, 307, 308, 400, 401, 403, 404, 414}


def named(path):
    return path.strip("/").replace("/", "-") or "root"


def allows(*methods):
    def check(response):
        got = {m.strip() for m in (response["allow"] or "").split(",")}
        return None if set(methods) <= got else f"Allow is {response['allow']!r}"
    return check


for path in GETS:
    sent = path.encode()
    T.add("P", f"get-{named(path)}", get(sent), OK, fate="kept")
    T.add("M", f"head-{named(path)}-has-no-body", head(b"HEAD " + sent), OK, fate="kept",
          check=lambda r: None if r["content-length"] not in (None, "0") else f"Content-Length is {r['content-length']}")
    T.add("M", f"options-{named(path)}", head(b"OPTIONS " + sent), {200, 204}, fate="kept", check=allows("GET", "HEAD"))
    for method in ("POST", "PUT", "DELETE") if path not in ("/healthz", "/jobs") else ("PUT",):
        T.add("M", f"405-allow-{method}-{named(path)}", head(method.encode() + b" " + sent, b"Content-Length: 0"), {405}, check=allows("GET", "HEAD"))
for path in POSTS:
    sent = path.encode()
    for method in ("GET", "PUT", "PATCH", "DELETE"):
        T.add("M", f"405-allow-{method}-{named(path)}", head(method.encode() + b" " + sent, b"Content-Length: 0"), {405}, check=allows("POST"))
    T.add("M", f"options-{named(path)}", head(b"OPTIONS " + sent), {200, 204}, fate="kept", check=allows("POST"))
T.add("M", "405-allow-PATCH-metrics", head(b"PATCH /metrics", b"Content-Length: 0"), {405}, check=allows("GET"))
T.add("M", "405-allow-PATCH-health", head(b"PATCH /health", b"Content-Length: 0"), {405}, check=allows("GET"))
T.add("M", "405-allow-BREW-generate", head(b"BREW /generate"), {400, 405, 501}, silent=True)
T.add("P", "readyz", get(b"/readyz"), {200, 503}, fate="kept",
      check=lambda r: None if r.json.get("ready") is (r.status == 200) else "ready does not agree with the status")
T.add("M", "head-404-no-body", head(b"HEAD /no-such"), {401, 404})
T.add("M", "options-unknown-path", head(b"OPTIONS /no-such"), {401, 404})
T.add("M", "post-root-is-generate", post(path=b"/"), {404}, check=lambda r: None if r.json["code"] == "model_not_found" else "not /generate's answer")
T.add("M", "post-root-query", post(path=b"/?a=b"), {404}, check=lambda r: None if r.json["code"] == "model_not_found" else "not /generate's answer")

T.rows("P", {401, 404}, "either", [(name, get(path)) for name, path in [
    ("404-case-sensitive", b"/HEALTH"), ("404-empty-segment", b"/./no"), ("404-unknown", b"/no-such"), ("404-prefix", b"/healt"),
    ("404-suffix", b"/healthx"), ("404-dot-suffix", b"/health."), ("404-extension", b"/health.json"), ("404-encoded-space", b"/health%20"),
    ("404-parameters", b"/health;v=1"), ("404-favicon", b"/favicon.ico"), ("404-robots", b"/robots.txt"), ("404-env", b"/.env"),
    ("404-git", b"/.git/config"), ("404-wordpress", b"/wp-login.php"), ("404-actuator", b"/actuator/env"), ("404-debug", b"/debug/pprof/"),
    ("404-v1", b"/v1"), ("404-v1-unknown", b"/v1/chat/completions"), ("404-utf8", b"/caf%C3%A9"), ("404-emoji", b"/%F0%9F%8E%A8"),
    ("404-encoded-query", b"/health%3Fx"), ("404-encoded-hash", b"/health%23"), ("404-star", b"/*"), ("404-7000", b"/" + b"a" * 7000),
    ("404-3000-segments", b"/a" * 3000), ("404-models-below", b"/models/animagine/x"),
]])
T.rows("P", {301, 307, 308, 401, 404}, "either", [
    ("404-trailing-slash", get(b"/health/")), ("404-trailing-slash-twice", get(b"/health//")), ("404-double-slash", get(b"//health")),
    ("404-dot", get(b"/health/.")), ("404-dot-first", get(b"/./health")), ("404-encoded-slash", get(b"/health%2f")),
])
T.rows("M", NONE, "either", [(name, get(path)) for name, path in [
    ("path-dotdot", b"/../../../../etc/passwd"), ("path-enc-dotdot", b"/%2e%2e/%2e%2e/%2e%2e/etc/passwd"),
    ("path-enc-slash", b"/..%2f..%2f..%2f..%2fetc%2fpasswd"), ("path-double-enc", b"/%252e%252e%252fetc%252fpasswd"),
    ("path-backslash", b"/..\\..\\etc\\passwd"), ("path-enc-backslash", b"/..%5c..%5cetc%5cpasswd"),
    ("path-overlong-utf8", b"/%c0%ae%c0%ae/%c0%afetc/passwd"), ("path-docs-dotdot", b"/docs/../../../etc/passwd"),
    ("path-models-enc", b"/models/..%2f..%2fetc%2fpasswd"), ("path-enc-crlf", b"/health%0d%0aX-Inj:%201"), ("path-enc-lf", b"/health%0a"),
    ("path-enc-nul", b"/health%00"), ("path-enc-nul-suffix", b"/health%00.json"), ("path-enc-del", b"/health%7f"),
    ("path-bad-percent", b"/%zz"), ("path-truncated-percent", b"/abc%2"), ("path-lone-percent", b"/%"), ("path-percent-u", b"/%u0068ealth"),
    ("path-invalid-utf8", b"/%ff%fe"), ("path-surrogate", b"/%ed%a0%80"), ("path-files-dotdot", b"/v1/images/files/../../../etc/passwd"),
    ("path-files-enc", b"/v1/images/files/..%2f..%2fetc%2fpasswd"), ("path-jobs-dotdot", b"/jobs/../generate"),
    ("path-jobs-enc", b"/jobs/..%2fgenerate"), ("path-file-url", b"/file:///etc/passwd"), ("path-bracket", b"/[::1]"), ("path-pipe", b"/a|b"),
]], silent=True)


def json_with(*keys, first=False):
    def check(response):
        value = response.json
        if not isinstance(value, dict):
            return "not a JSON object"
        if first and tuple(value)[: len(keys)] != keys:
            return f"begins with {list(value)[:len(keys)]}"
        return f"lacks {set(keys) - value.keys()}" if set(keys) - value.keys() else None
    return check


T.add("P", "health-seven-keys", get(), OK, check=json_with("status", "current_model", "available_models", "ip_adapter_loaded", "cuda_available", "gpu_name", "vram_allocated_gb", first=True))
T.add("P", "models-keys", get(b"/models"), OK, check=json_with("models", "current"))
T.add("P", "loras-keys", get(b"/loras"), OK, check=json_with("loras"))
T.add("P", "healthz-is-ok", get(b"/healthz"), OK, check=lambda r: None if r.body == b"ok\n" and r["content-type"].startswith("text/plain") else "not ok\\n in text/plain")


def gateway(response):
    value = response.json
    limits = value["admission_control"]["gpu_heavy.images"]
    health = value["backend_health"]["gpu_heavy"]
    if limits.keys() != {"limit", "available", "inflight"} or health.keys() != {"healthy", "ready", "last_check", "error"}:
        return "other keys than api.md's"


def openapi(response):
    value = response.json
    if not re.fullmatch(r"3\.1\.\d+", value.get("openapi", "")):
        return f"openapi is {value.get('openapi')!r}"
    missing = {p for p in GETS + POSTS + ["/readyz"] if p != "/docs"} - value["paths"].keys()
    return f"lacks {missing}" if missing else None


def metrics(response):
    if not (response["content-type"] or "").startswith("text/plain"):
        return f"type {response['content-type']!r}"
    for line in response.body.decode().splitlines():
        if line and not re.fullmatch(r'# (HELP|TYPE) .*|[a-zA-Z_:][\w:]*(\{([a-z_]+="([^"\\]|\\.)*",?)*\})? \S+( \d+)?', line):
            return f"not Prometheus text: {line!r}"
    return None if b"# TYPE" in response.body else "no # TYPE"


def docs(response):
    body = response.body.decode()
    if not (response["content-type"] or "").startswith("text/html"):
        return f"type {response['content-type']!r}"
    if re.search(r"""(?:src|href)\s*=\s*["']?(?:https?:)?//|@import|url\(\s*["']?https?:""", body):
        return "fetches from elsewhere"
    policy = response["content-security-policy"] or ""
    return None if "default-src" in policy and "frame-ancestors" in policy else f"Content-Security-Policy is {policy!r}"


T.add("P", "gateway-status-keys", get(b"/v1/gateway/status"), OK, check=gateway)
T.add("P", "openapi-names-the-routes", get(b"/openapi.json"), OK, check=openapi)
T.add("P", "metrics-is-prometheus-text", get(b"/metrics"), OK, check=metrics)
T.add("P", "docs-needs-no-network", get(b"/docs"), OK, check=docs)
T.add("P", "docs-no-referrer", get(b"/docs"), OK, check=lambda r: None if r["referrer-policy"] == "no-referrer" else "no Referrer-Policy")
