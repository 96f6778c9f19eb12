"""What keeps web pages out (api.md §6)."""

from case import BODY, HOST_REFUSED, OK, Table, get, head, post

T = Table("browser")
CASES = T.cases
KNOWN = {404}  # the request came through to the model that is not there


def no_grant(response):
    for name in ("access-control-allow-origin", "access-control-allow-credentials", "access-control-allow-private-network"):
        if response[name]:
            return f"{name}: {response[name]}"


def at(host, data=None):
    return (data or post()).replace(b"{HOST}", host)


T.rows("X", HOST_REFUSED, "either", [
    ("dns-rebind-host-post", at(b"evil.example:9106")), ("dns-rebind-host-get", at(b"evil.example:9106", get(b"/models"))),
    ("dns-rebind-host-health", at(b"evil.example", get())), ("dns-rebind-private-name", at(b"router.local")),
    ("dns-rebind-nip-io", at(b"127.0.0.1.nip.io:8000")), ("dns-rebind-localhost-prefix", at(b"localhost.evil.example")),
    ("dns-rebind-localhost-suffix", at(b"evillocalhost")), ("dns-rebind-trailing-dot", at(b"evil.example.")),
    ("dns-rebind-options", at(b"evil.example", head(b"OPTIONS /generate"))), ("dns-rebind-head", at(b"evil.example", head(b"HEAD /models"))),
], token=False)
T.add("X", "dns-rebind-absolute-form", b"POST http://evil.example/generate HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}",
      HOST_REFUSED | {401, 422})
T.rows("X", HOST_REFUSED, "either", [(name, post(BODY, *fields)) for name, fields in [
    ("cross-origin-post-refused", [b"Origin: http://evil.example"]), ("origin-null", [b"Origin: null"]), ("origin-empty", [b"Origin: "]),
    ("origin-other-port", [b"Origin: http://127.0.0.1:1"]),
    ("origin-localhost-for-ip", [b"Origin: http://localhost:8000"]), ("origin-host-prefix", [b"Origin: http://{HOST}.evil.example"]),
    ("origin-userinfo", [b"Origin: http://{HOST}@evil.example"]), ("origin-path", [b"Origin: http://evil.example/{HOST}"]),
    ("origin-file", [b"Origin: file://"]), ("origin-extension", [b"Origin: chrome-extension://abcdef"]),
    ("origin-twice", [b"Origin: http://{HOST}", b"Origin: http://evil.example"]), ("origin-list", [b"Origin: http://{HOST} http://evil.example"]),
    ("origin-garbage", [b"Origin: )(*&^%"]), ("origin-with-right-site", [b"Origin: http://evil.example", b"Sec-Fetch-Site: same-origin"]),
    ("sec-fetch-site-cross-site-refused", [b"Sec-Fetch-Site: cross-site", b"Sec-Fetch-Mode: no-cors"]),
    ("sec-fetch-site-any-case", [b"Sec-Fetch-Site: Cross-Site"]), ("sec-fetch-site-twice", [b"Sec-Fetch-Site: same-origin", b"Sec-Fetch-Site: cross-site"]),
    ("sec-fetch-site-with-right-origin", [b"Origin: http://{HOST}", b"Sec-Fetch-Site: cross-site"]),
]], check=no_grant)
T.rows("X", HOST_REFUSED | {404}, "either", [
    ("cancel-cross-origin", head(b"POST /jobs/x/cancel", b"Origin: http://evil.example", b"Content-Length: 0")),
])
T.rows("X", {403}, "either", [
    (f"cross-origin-{path.strip('/').replace('/', '-') or 'root'}-is-403", post(b"{}", b"Origin: http://evil.example", path=path.encode()))
    for path in ("/generate", "/", "/v1/images/generations", "/v1/images/edits")
])
T.rows("X", {400, 403, 415}, "either", [(name, post(type=kind)) for name, kind in [
    ("csrf-simple-content-type-plain", b"text/plain"), ("csrf-simple-content-type-form", b"application/x-www-form-urlencoded"),
    ("csrf-simple-content-type-multipart", b"multipart/form-data; boundary=x"), ("csrf-no-content-type", None), ("csrf-empty-content-type", b""),
    ("csrf-plain-with-json-parameter", b"text/plain; application/json"), ("csrf-plain-list", b"text/plain, application/json"),
    ("csrf-json-prefix", b"application/jsonx"), ("csrf-json-suffix", b"xapplication/json"), ("csrf-json-patch", b"application/json-patch+json"),
    ("csrf-text-json", b"text/json"), ("csrf-star", b"*/*"), ("csrf-octets", b"application/octet-stream"),
]])
T.add("X", "content-type-twice", post(BODY, b"Content-Type: text/plain"), {400, 403, 415})
T.add("P", "415-tells-what-to-add", post(type=b"text/plain"), {415},
      check=lambda r: None if "Content-Type: application/json" in r.json["detail"] else "does not say what to add to curl")
T.rows("P", KNOWN, "kept", [(name, post(BODY, *fields)) for name, fields in [
    ("legit-origin", [b"Origin: http://{HOST}"]), ("legit-same-origin", [b"Sec-Fetch-Site: same-origin"]), ("legit-user", [b"Sec-Fetch-Site: none"]), ("legit-same-site", [b"Sec-Fetch-Site: same-site"]),
    ("legit-no-origin", []), ("legit-referer-elsewhere", [b"Referer: http://evil.example/"]),
]])
T.rows("P", KNOWN, "kept", [("legit-" + name, post(type=kind)) for name, kind in [
    ("charset", b"application/json; charset=utf-8"), ("uppercase", b"APPLICATION/JSON"), ("no-space", b"application/json;charset=UTF-8"),
    ("space-before-semicolon", b"application/json ; charset=utf-8"), ("odd-parameter", b'application/json; v="1;2"'),
]])
T.add("P", "origin-https-behind-a-proxy", post(BODY, b"Origin: https://{HOST}"), {403, 404})
T.add("P", "origin-uppercase-scheme", post(BODY, b"Origin: HTTP://{HOST}"), {403, 404})
T.add("P", "legit-host-127.0.0.1", get(), OK)
T.add("P", "legit-host-localhost", at(b"localhost:8000", get()), OK)
T.add("P", "get-cross-origin-is-answered-without-grant", get(b"/health", b"Origin: http://evil.example"), OK, check=no_grant)
T.add("P", "get-cross-site-navigation", get(b"/health", b"Sec-Fetch-Site: cross-site", b"Sec-Fetch-Mode: navigate"), {200, 403}, check=no_grant)
T.add("X", "preflight-is-not-granted", head(b"OPTIONS /generate", b"Origin: http://evil.example", b"Access-Control-Request-Method: POST",
      b"Access-Control-Request-Headers: content-type"), {200, 204, 400, 401, 403, 404, 405}, check=no_grant)
T.add("X", "private-network-is-not-granted", head(b"OPTIONS /generate", b"Origin: http://evil.example", b"Access-Control-Request-Method: POST",
      b"Access-Control-Request-Private-Network: true"), {200, 204, 400, 401, 403, 404, 405}, check=no_grant)
