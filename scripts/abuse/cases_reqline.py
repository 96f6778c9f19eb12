"""The request line (RFC 9112 §3)."""

from case import OK, REFUSED, Table, get, head

T = Table("reqline")
CASES = T.cases
END = b"\r\nHost: {HOST}\r\n\r\n"


def line(text):
    return text + END


T.rows("M", OK, "kept", [
    ("get-health", get()),
    ("absolute-form", line(b"GET http://{HOST}/health HTTP/1.1")),
    ("absolute-form-uppercase-scheme", line(b"GET HTTP://{HOST}/health HTTP/1.1")),
    ("absolute-form-query", line(b"GET http://{HOST}/health?a=b HTTP/1.1")),
    ("percent-encoded-unreserved", line(b"GET /%68ealth HTTP/1.1")),
    ("percent-encoded-lowercase-hex", line(b"GET /he%61lth HTTP/1.1")),
    ("percent-encoded-all", line(b"GET /%68%65%61%6c%74%68 HTTP/1.1")),
    ("query-empty", line(b"GET /health? HTTP/1.1")),
    ("query-question-marks", line(b"GET /health???? HTTP/1.1")),
    ("query-slashes", line(b"GET /health?/../x HTTP/1.1")),
    ("query-sub-delims", line(b"GET /health?!$&'()*+,;=:@ HTTP/1.1")),
    ("head-health", line(b"HEAD /health HTTP/1.1")),
])
T.rows("S", OK, "kept", [
    ("lf-before-request-line-crlf", b"\r\n" + get()),
])
T.add("S", "two-crlf-before-request-line", b"\r\n\r\n" + get(), {200, 400})
T.add("P", "query-ignored-on-health", get(b"/health?x=1&y=%20"), OK, fate="kept")
T.add("P", "query-looks-like-path", get(b"/health?path=/generate"), OK, fate="kept")
T.add("S", "target-7900-bytes-accepted", get(b"/health?" + b"a" * 7893), {200, 404}, fate="kept")
T.add("S", "request-line-8192-accepted", get(b"/health?" + b"a" * (8192 - 21)), {200, 404}, fate="kept")

T.rows("S", REFUSED, "closed", [
    ("no-version-with-space", b"GET /health \r\n\r\n"),
    ("tab-separators", line(b"GET\t/health\tHTTP/1.1")),
    ("trailing-space-after-version", line(b"GET /health HTTP/1.1 ")),
    ("trailing-tab-after-version", line(b"GET /health HTTP/1.1\t")),
    ("version-1.10", line(b"GET /health HTTP/1.10")),
    ("version-1", line(b"GET /health HTTP/1")),
    ("version-1-dot", line(b"GET /health HTTP/1.")),
    ("version-lowercase", line(b"GET /health http/1.1")),
    ("version-mixed-case", line(b"GET /health Http/1.1")),
    ("two-spaces-before-target", line(b"GET  /health HTTP/1.1")),
    ("two-spaces-before-version", line(b"GET /health  HTTP/1.1")),
    ("leading-space", line(b" GET /health HTTP/1.1")),
    ("vertical-tab-separator", line(b"GET\x0b/health HTTP/1.1")),
    ("form-feed-separator", line(b"GET\x0c/health HTTP/1.1")),
    ("bare-lf", b"GET /health HTTP/1.1\nHost: {HOST}\r\n\r\n"),
    ("fragment", line(b"GET /health#top HTTP/1.1")),
], silent=True)
T.rows("M", REFUSED, "closed", [
    ("space-in-target", line(b"GET /he alth HTTP/1.1")),
    ("version-01.1", line(b"GET /health HTTP/01.1")),
    ("version-garbage", line(b"GET /health HTTP/1.1x")),
    ("version-comma", line(b"GET /health HTTP/1,1")),
    ("version-sign", line(b"GET /health HTTP/+1.1")),
    ("version-space-inside", line(b"GET /health HTTP /1.1")),
    ("version-letter", line(b"GET /health HTTP/a.b")),
    ("version-arabic-digit", line(b"GET /health HTTP/1.\xd9\xa1")),
    ("method-empty", line(b" /health HTTP/1.1")),
    ("method-with-colon", line(b"GE:T /health HTTP/1.1")),
    ("method-with-slash", line(b"GE/T /health HTTP/1.1")),
    ("method-with-nul", line(b"GE\x00T /health HTTP/1.1")),
    ("method-with-non-ascii", line(b"GET\xc3\xa9 /health HTTP/1.1")),
    ("cr-inside-request-line", line(b"GET /health\rHTTP/1.1")),
    ("cr-cr-lf", line(b"GET /health HTTP/1.1\r")),
    ("nul-in-target", line(b"GET /hea\x00lth HTTP/1.1")),
    ("del-in-target", line(b"GET /hea\x7flth HTTP/1.1")),
    ("high-bytes-in-target", line(b"GET /caf\xc3\xa9 HTTP/1.1")),
    ("quote-in-target", line(b'GET /"health" HTTP/1.1')),
    ("angle-brackets-in-target", line(b"GET /<health> HTTP/1.1")),
    ("only-method", b"GET\r\n\r\n"),
    ("only-crlf-method-target", b"GET /health\r\n\r\n"),
    ("http09", b"GET /health\r\n"),
    ("no-target", line(b"GET HTTP/1.1")),
    ("tls-client-hello", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\xaa" * 200 + b"\r\n\r\n"),
    ("http2-preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    ("socks5", b"\x05\x01\x00\r\n\r\n"),
    ("ssh-banner", b"SSH-2.0-OpenSSH_9.2p1\r\n\r\n"),
    ("status-line", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
    ("relative-path", line(b"GET health HTTP/1.1")),
    ("dotdot-path", line(b"GET ../health HTTP/1.1")),
    ("scheme-ftp", line(b"GET ftp://{HOST}/health HTTP/1.1")),
    ("scheme-without-host", line(b"GET http:///health HTTP/1.1")),
    ("scheme-javascript", line(b"GET javascript:alert(1) HTTP/1.1")),
    ("absolute-form-userinfo", line(b"GET http://a:b@{HOST}/health HTTP/1.1")),
], silent=True)

T.add("S", "version-9.9", line(b"GET /health HTTP/9.9"), {400, 505}, fate="closed", silent=True)
T.add("S", "version-2.0", line(b"GET /health HTTP/2.0"), {400, 505}, fate="closed", silent=True)
T.add("S", "version-0.9", line(b"GET /health HTTP/0.9"), {400, 505}, fate="closed", silent=True)
T.add("M", "version-1.2-treated-as-1.1-or-505", line(b"GET /health HTTP/1.2"), {200, 400, 505})
T.add("S", "method-unknown", line(b"BREW /health HTTP/1.1"), {400, 405, 501}, silent=True)
T.add("S", "method-lowercase", line(b"get /health HTTP/1.1"), {400, 405, 501}, silent=True)
T.add("S", "method-mixed-case", line(b"Get /health HTTP/1.1"), {400, 405, 501}, silent=True)
T.add("S", "method-1k", line(b"A" * 1024 + b" /health HTTP/1.1"), {400, 405, 414, 501}, silent=True)
T.add("S", "method-trace", line(b"TRACE /health HTTP/1.1"), {400, 405, 501}, silent=True)
T.add("S", "method-all-token-characters", line(b"!#$%&'*+-.^_`|~ /health HTTP/1.1"), {400, 405, 501}, silent=True)
for size, name in ((8193, "8193"), (65536 + 21, "64k")):
    T.add("S", f"target-{name}-414", get(b"/health?" + b"a" * (size - 21)), {400, 414, 431}, fate="closed", silent=True)
T.add("M", "request-line-8193-is-414", get(b"/health?" + b"a" * (8193 - 21)), {414}, fate="closed")
T.add("M", "target-1m-never-ending", get(b"/" + b"a" * 1048576), {400, 414, 431}, fate="closed", silent=True)
T.add("M", "method-1m-never-ending", b"A" * 1048576, {400, 414, 431, 501}, fate="closed", silent=True)
T.add("M", "crlf-64k-before-request", b"\r\n" * 32768 + get(), {200, 400, 414, 431}, silent=True)

T.add("S", "absolute-form-host-mismatch", b"GET http://{HOST}/health HTTP/1.1\r\nHost: other.invalid\r\n\r\n", {200, 400, 403, 421})
T.add("M", "absolute-form-foreign-authority", line(b"GET http://other.invalid/health HTTP/1.1"), {200, 400, 403, 421})
T.add("S", "absolute-form-empty-path", line(b"GET http://{HOST} HTTP/1.1"), {200, 401, 404, 405})
T.add("M", "authority-form-get", line(b"GET {HOST} HTTP/1.1"), REFUSED, silent=True)
T.add("M", "connect-refused", line(b"CONNECT {HOST} HTTP/1.1"), REFUSED, silent=True)
T.add("M", "connect-with-body-refused", head(b"CONNECT {HOST}", b"Content-Length: 5") + b"hello", REFUSED, silent=True)
T.add("S", "options-star", line(b"OPTIONS * HTTP/1.1"), {200, 204, 400, 404, 405, 501})
T.add("S", "options-star-names-methods", line(b"OPTIONS * HTTP/1.1"), {200, 204},
      check=lambda r: None if r["allow"] else "no Allow")
T.add("M", "get-star-refused", line(b"GET * HTTP/1.1"), REFUSED, silent=True)
T.add("M", "options-star-with-path", line(b"OPTIONS */health HTTP/1.1"), REFUSED, silent=True)
