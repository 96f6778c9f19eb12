"""Header fields (RFC 9112 §5, RFC 9110 §5 to §7)."""

from case import HOST_REFUSED, OK, REFUSED, Table, get, head

T = Table("headers")
CASES = T.cases
LINE = b"GET /health HTTP/1.1\r\n"


def one(name, text):
    return name, get(b"/health", text)


T.rows("M", {400}, "closed", [
    one("space-before-colon", b"X-A : 1"),
    one("tab-before-colon", b"X-A\t: 1"),
    ("space-before-colon-of-host", LINE + b"Host : {HOST}\r\n\r\n"),
    one("space-before-colon-of-length", b"Content-Length : 0"),
], silent=True)
T.rows("M", REFUSED, "closed", [
    ("folded-first-header-is-not-host", LINE + b" Host: {HOST}\r\n\r\n"),
    one("no-colon", b"JustSomeText"),
    one("only-colon", b":"),
    one("empty-name", b": 1"),
    one("brackets-in-name", b"X[]: 1"),
    one("quotes-in-name", b'"X": 1'),
    one("at-in-name", b"X@A: 1"),
    one("slash-in-name", b"X/A: 1"),
    one("parenthesis-in-name", b"X(A): 1"),
    one("space-in-name", b"X A: 1"),
    one("non-ascii-name", b"X-\xef\xbf: 1"),
    one("utf8-name", b"X-\xc3\xa9: 1"),
    one("nul-in-name", b"X-\x00A: 1"),
    one("del-in-name", b"X-\x7fA: 1"),
    one("nul-in-value", b"X-A: a\x00b"),
    one("del-in-value", b"X-A: a\x7fb"),
    one("bell-in-value", b"X-A: a\x07b"),
    one("escape-in-value", b"X-A: a\x1b[31mb"),
    one("vertical-tab-in-value", b"X-A: a\x0bb"),
    one("bare-cr-in-value", b"X-A: a\rb"),
    one("cr-before-colon", b"X-A\r: b"),
    one("cr-at-start-of-value", b"X-A:\r b"),
    ("crlf-cr-x-ends-headers", b"GET /health HTTP/1.1\r\nHost: {HOST}\r\n\rZGET /smuggled-by-torture HTTP/1.1\r\nHost: {HOST}\r\n\r\n"),
    ("cr-cr-lf-line-end", LINE + b"X-A: 1\r\r\nHost: {HOST}\r\n\r\n"),
], silent=True)
T.rows("S", REFUSED, "closed", [
    ("obs-fold-rejected", get(b"/health", b"X-A: 1\r\n\tfolded")),
    ("obs-fold-space-rejected", get(b"/health", b"X-A: 1\r\n  folded")),
    ("obs-fold-empty-continuation", get(b"/health", b"X-A: 1\r\n ")),
    ("bare-lf-one-header", LINE + b"X-A: 1\nHost: {HOST}\r\n\r\n"),
    ("bare-lf-everywhere", b"GET /health HTTP/1.1\nHost: {HOST}\n\n"),
    ("bare-lf-ends-headers", LINE + b"Host: {HOST}\r\n\n"),
    ("lf-cr-line-end", LINE + b"Host: {HOST}\n\r\n\r"),
], silent=True)
T.add("M", "obs-fold", get(b"/health", b"X-A: 1\r\n folded"), set(range(200, 506)) - {500, 502, 503, 504}, silent=True)
T.add("M", "bare-cr-as-line-end", b"GET /health HTTP/1.1\rHost: {HOST}\r\r", REFUSED, fate="closed", silent=True, waiting=True)

T.rows("M", OK, "kept", [
    one("ows-around-value", b"X-A: \t 1 \t "),
    one("no-space-after-colon", b"X-A:1"),
    one("empty-value", b"X-A:"),
    one("value-of-blanks", b"X-A:   \t  "),
    one("tab-in-value", b"X-A: a\tb"),
    one("all-token-characters-in-name", b"!#$%&'*+-.^_`|~09azAZ: 1"),
    one("repeated-unknown", b"X-A: 1\r\nX-A: 2"),
    one("colon-in-value", b"X-A: a:b:c"),
    one("connection-keep-alive", b"Connection: keep-alive"),
    one("connection-unknown-option", b"Connection: X-A\r\nX-A: 1"),
    ("host-lowercase-name", LINE + b"host: {HOST}\r\n\r\n"),
    ("host-uppercase-name", LINE + b"HOST: {HOST}\r\n\r\n"),
    ("host-localhost", LINE + b"Host: localhost\r\n\r\n"),
    ("host-localhost-uppercase", LINE + b"Host: LOCALHOST:8000\r\n\r\n"),
    ("host-ipv4-without-port", LINE + b"Host: 127.0.0.1\r\n\r\n"),
    ("host-other-ipv4", LINE + b"Host: 10.1.2.3:8000\r\n\r\n"),
    ("host-ows", LINE + b"Host: \t {HOST} \t\r\n\r\n"),
    one("x-forwarded-is-ignored", b"X-Forwarded-Host: evil.example\r\nX-Forwarded-Proto: https\r\nForwarded: host=evil.example"),
    one("x-original-url-is-ignored", b"X-Original-URL: /generate\r\nX-Rewrite-URL: /generate"),
    one("method-override-is-ignored", b"X-HTTP-Method-Override: DELETE"),
    one("99-fields", b"\r\n".join(b"X-%d: v" % i for i in range(98))),
])
T.rows("S", OK, "either", [
    one("obs-text-in-value", b"X-A: caf\xe9"),
    one("utf8-in-value", b"X-A: caf\xc3\xa9 \xf0\x9f\x8e\xa8"),
    one("invalid-utf8-in-value", b"X-A: \xff\xfe\xc0\xaf"),
    ("host-ipv6-literal", LINE + b"Host: [::1]:9106\r\n\r\n"),
    ("host-ipv6-full", LINE + b"Host: [2001:db8:0:0:0:0:0:1]:80\r\n\r\n"),
    one("cookie-4k", b"Cookie:" + b" a=b;" * 800),
    one("range-ignored", b"Range: bytes=0-1"),
    one("if-none-match-ignored", b'If-None-Match: "x"'),
    one("accept-nothing-known", b"Accept: application/x-nothing"),
    one("te-trailers", b"TE: trailers"),
    one("keep-alive-parameters", b"Connection: keep-alive\r\nKeep-Alive: timeout=100000, max=1"),
])
T.add("S", "accept-encoding-bomb", get(b"/health", b"Accept-Encoding: " + b",".join([b"gzip;q=0.1"] * 300)), {200, 400, 431})
T.add("M", "upgrade-websocket-ignored",
      get(b"/health", b"Connection: Upgrade", b"Upgrade: websocket", b"Sec-WebSocket-Version: 13",
          b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="), {200, 400, 403, 404, 426})
T.add("M", "upgrade-h2c-ignored",
      get(b"/health", b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA"), {200, 400})

T.rows("M", {400}, "either", [
    ("missing-host", b"GET /health HTTP/1.1\r\n\r\n"),
    ("missing-host-post", b"POST /generate HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"),
    ("duplicate-host-different", b"GET /health HTTP/1.1\r\nHost: a.invalid\r\nHost: b.invalid\r\n\r\n"),
    ("duplicate-host-same", b"GET /health HTTP/1.1\r\nHost: {HOST}\r\nhost: {HOST}\r\n\r\n"),
    ("duplicate-host-far-apart", get(b"/health", *[b"X: y"] * 50, b"Host: {HOST}")),
], silent=True)
T.rows("M", HOST_REFUSED, "either", [
    (name, LINE + b"Host: " + value + b"\r\n\r\n") for name, value in [
        ("host-comma-list", b"a.invalid, b.invalid"), ("host-with-userinfo", b"u:p@{HOST}"),
        ("host-with-path", b"{HOST}/x"), ("host-with-space", b"a b"), ("host-empty", b""),
        ("host-only-port", b":8000"), ("host-port-letters", b"127.0.0.1:http"), ("host-port-negative", b"127.0.0.1:-1"),
        ("host-port-70000", b"127.0.0.1:70000"), ("host-port-20-digits", b"127.0.0.1:99999999999999999999"),
        ("host-two-ports", b"127.0.0.1:80:80"), ("host-with-query", b"{HOST}?x"), ("host-with-fragment", b"{HOST}#x"),
        ("host-with-scheme", b"http://{HOST}"), ("host-percent", b"127.0.0.1%00.evil.example"),
        ("host-unclosed-bracket", b"[::1"), ("host-bracket-garbage", b"[::g]:80"), ("host-bracket-suffix", b"[::1]x:80"),
        ("host-ipv6-without-brackets", b"::1"), ("host-zone", b"[fe80::1%25eth0]"), ("host-backslash", b"{HOST}\\evil.example"),
        ("host-star", b"*"), ("host-non-ascii", b"caf\xc3\xa9.example"), ("host-300-characters", b"a" * 300),
        ("host-underscore-localhost", b"localhost_"), ("host-localhost-suffix", b"localhost.evil.example"),
        ("host-ipv4-octet-256", b"127.0.0.256"), ("host-ipv4-prefix-of-name", b"127.0.0.1.evil.example"),
        ("host-decimal-ipv4", b"2130706433"), ("host-octal-ipv4", b"0177.0.0.1"), ("host-hex-ipv4", b"0x7f.0.0.1"),
        ("host-tab", b"127.0.0.1\t8000"),
    ]
], silent=True)

T.add("S", "10k-headers-431", get(b"/health", b"\r\n".join(b"X-%d: v" % i for i in range(10000))), {400, 413, 431}, fate="closed", silent=True)
T.add("S", "header-value-64k-431", get(b"/health", b"X-A: " + b"a" * 65536), {400, 413, 431}, fate="closed", silent=True)
T.add("M", "101-fields-is-431", get(b"/health", b"\r\n".join(b"X-%d: v" % i for i in range(100))), {431}, fate="closed")
T.add("M", "33-kib-of-fields-is-431", get(b"/health", *[b"X-%d: " % i + b"a" * 1000 for i in range(33)]), {431}, fate="closed")
T.add("S", "30-kib-of-fields-accepted", get(b"/health", *[b"X-%d: " % i + b"a" * 1000 for i in range(30)]), {200}, token=False)
T.add("M", "header-name-64k", get(b"/health", b"X" * 65536 + b": a"), {400, 413, 431}, fate="closed", silent=True)
T.add("M", "value-8m-never-ending", LINE + b"Host: {HOST}\r\nX-A: " + b"a" * 8388608, {400, 413, 431}, fate="closed", silent=True)
T.add("M", "fields-8m-flood", LINE + b"Host: {HOST}\r\n" + b"a:b\r\n" * 1677721, {400, 413, 431}, fate="closed", silent=True)

T.add("M", "http10-no-host-ok-closes", b"GET /health HTTP/1.0\r\n\r\n", OK, fate="closed")
T.add("M", "http10-with-host-closes", b"GET /health HTTP/1.0\r\nHost: {HOST}\r\n\r\n", OK, fate="closed")
T.add("M", "http10-keep-alive-is-kept-and-says-so", b"GET /health HTTP/1.0\r\nHost: {HOST}\r\nConnection: keep-alive\r\n\r\n", OK, fate="kept",
      check=lambda r: None if r["connection"] == "keep-alive" else "no Connection: keep-alive")
T.add("M", "http10-bad-host", b"GET /health HTTP/1.0\r\nHost: evil.example\r\n\r\n", HOST_REFUSED)
T.add("M", "http10-two-hosts", b"GET /health HTTP/1.0\r\nHost: {HOST}\r\nHost: {HOST}\r\n\r\n", {400}, silent=True)
T.add("M", "connection-close-closes", get(b"/health", b"Connection: close"), OK, fate="closed")
T.add("M", "connection-close-any-case", get(b"/health", b"connection: CLOSE"), OK, fate="closed")
T.add("M", "connection-close-in-list", get(b"/health", b"Connection: foo, close ,bar"), OK, fate="closed")
T.add("M", "connection-close-wins", get(b"/health", b"Connection: keep-alive", b"Connection: close"), OK, fate="closed")
T.add("M", "connection-close-is-a-word", get(b"/health", b"Connection: closed"), OK, fate="kept")


def id_of(wanted=None, not_wanted=None):
    def check(response):
        got = response["x-request-id"]
        if len(response.all("x-request-id")) != 1:
            return "not one X-Request-Id"
        if (wanted and got != wanted) or got == not_wanted:
            return f"X-Request-Id is {got!r}"
    return check


for name, sent, kept in [
    ("own", "job-7_A.b", True), ("one-character", "a", True), ("64-characters", "a" * 64, True), ("65-characters", "a" * 65, False),
    ("space", "a b", False), ("slash", "a/b", False), ("semicolon", "a;b", False), ("quote", 'a"b', False), ("angle", "<a>", False),
    ("non-ascii", "caf\u00e9", False), ("percent", "a%0d%0ab", False),
]:
    T.add("P", f"request-id-{name}", get(b"/health", b"X-Request-Id: " + sent.encode()), OK, fate="kept",
          check=id_of(sent) if kept else id_of(not_wanted=sent))
T.add("P", "request-id-on-a-404", get(b"/no-such", b"X-Request-Id: mine"), {404}, check=id_of("mine"))
T.add("P", "request-id-on-a-421", b"GET /health HTTP/1.1\r\nHost: evil.example\r\nX-Request-Id: mine\r\n\r\n", {421}, check=id_of("mine"))
T.add("P", "request-id-twice-is-drawn", get(b"/health", b"X-Request-Id: a", b"X-Request-Id: b"), OK,
      check=lambda r: None if r["x-request-id"] not in ("a", "b", "a, b") else "took one of two")
T.add("P", "request-ids-differ", get() + get(), OK, 2,
      check=lambda a, b: None if a["x-request-id"] != b["x-request-id"] else "two requests have one id")
T.add("P", "nosniff-header", get(), OK, check=lambda r: None if r["x-content-type-options"] == "nosniff" else "no nosniff")
T.add("P", "json-content-type", get(), OK, check=lambda r: None if (r["content-type"] or "").startswith("application/json") else "not JSON")
T.add("M", "no-cors-by-default", get(b"/health", b"Origin: http://evil.example"), OK,
      check=lambda r: f"grants {r['access-control-allow-origin']!r}" if r["access-control-allow-origin"] else None)
