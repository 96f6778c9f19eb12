"""Content-Length and what follows it (RFC 9112 §6)."""

from case import BODY, INVALID, OK, UNKNOWN, Failure, Table, get, head, post
from client import Closed

T = Table("length")
CASES = T.cases
KEPT = {404}
BAD = {400, 411, 413, 501}
N = str(len(BODY)).encode()

T.rows("M", BAD, "closed", [(name, post(length=value)) for name, value in [
    ("cl-negative", b"-1"), ("cl-plus", b"+" + N), ("cl-hex", b"0x6b"), ("cl-alpha", b"abc"), ("cl-suffix", N + b"z"),
    ("cl-inner-space", b"1 0"), ("cl-exp", b"1e2"), ("cl-u64-max", b"18446744073709551615"), ("cl-u64-max-plus-1", b"18446744073709551616"),
    ("cl-40-digits", b"9" * 40), ("cl-i64-max", b"9223372036854775807"), ("cl-i64-max-plus-1", b"9223372036854775808"),
    ("cl-u32-wrap", str((1 << 32) + len(BODY)).encode()), ("cl-u64-wrap", str((1 << 64) + len(BODY)).encode()),
    ("cl-point", N + b".0"), ("cl-underscore", b"1_07"), ("cl-quotes", b'"' + N + b'"'), ("cl-empty", b""), ("cl-arabic-digits", "١٠٧".encode()),
    ("cl-fullwidth-digits", "１０７".encode()), ("cl-nul", N + b"\x00"), ("cl-vertical-tab", b"\x0b" + N), ("cl-nbsp", b"\xa0" + N),
    ("cl-1000-digits", b"1" * 1000), ("cl-minus-zero", b"-0"), ("cl-prefix", b"z" + N), ("cl-semicolon", N + b";a=b"), ("cl-comma", b","),
    ("cl-comma-different", N + b", 5"), ("cl-comma-trailing", N + b","),
]], silent=True)
T.rows("M", BAD, "closed", [
    ("cl-twice-different", post(BODY, b"Content-Length: 5")),
    ("cl-twice-different-shorter-first", post(BODY, b"Content-Length: " + N, length=b"5")),
    ("cl-and-te-chunked", post(b"0\r\n\r\n", b"Transfer-Encoding: chunked")),
    ("te-chunked-and-cl", head(b"POST /generate", b"Content-Type: application/json", b"Transfer-Encoding: chunked", b"Content-Length: 5") + b"0\r\n\r\n"),
    ("cl-and-te-smuggles", post(b"0\r\n\r\nGET /smuggled-by-torture HTTP/1.1\r\nHost: {HOST}\r\n\r\n", b"Transfer-Encoding: chunked")),
    ("get-cl-and-te", get(b"/health", b"Content-Length: 5", b"Transfer-Encoding: chunked") + b"0\r\n\r\n"),
], silent=True)
T.add("S", "cl-comma-same", post(length=N + b", " + N), UNKNOWN, silent=True)
T.add("S", "cl-twice-same", post(BODY, b"Content-Length: " + N), UNKNOWN, silent=True)
T.add("S", "cl-leading-zeros", post(length=b"000" + N), UNKNOWN, silent=True)
T.add("M", "cl-ows", post(length=b" \t" + N + b"\t "), KEPT, fate="kept")
T.add("M", "cl-any-case", head(b"POST /generate", b"content-TYPE: application/json", b"cONTENT-lENGTH: " + N) + BODY, KEPT, fate="kept")
T.add("M", "cl-zero-post", post(b""), {400, 411, 415, 422})
T.add("M", "post-without-length", head(b"POST /generate", b"Content-Type: application/json"), {400, 411, 415, 422})
T.add("M", "http10-post-without-length", b"POST /generate HTTP/1.0\r\nHost: {HOST}\r\nContent-Type: application/json\r\n\r\n" + BODY, {400, 411, 415, 422}, silent=True)
T.add("M", "http10-post-with-length", b"POST /generate HTTP/1.0\r\nHost: {HOST}\r\nContent-Type: application/json\r\nContent-Length: " + N + b"\r\n\r\n" + BODY, KEPT, fate="closed")
T.add("M", "get-with-body-consumed", get(b"/health", b"Content-Length: 5") + b"hello", {200, 400, 413})
T.add("M", "get-with-body-is-not-a-request", get(b"/health", b"Content-Length: 46") + b"GET /smuggled-by-torture HTTP/1.1\r\nHost: abc\r\n\r", {200, 400, 413})
T.add("M", "head-with-body-consumed", head(b"HEAD /health", b"Content-Length: 5") + b"hello", {200, 400, 413})
T.add("S", "cl0-trailing-poison-is-next-request", get(b"/health", b"Content-Length: 0") + b"X", OK)
T.add("M", "body-too-long-is-next-request", post(BODY + b"GET /health HTTP/1.1\r\nHost: {HOST}\r\n\r\n", length=N), [{404}, OK], 2, "kept")
T.add("M", "undersent-body-half-close", post(length=b"207"), {400, 408}, fate="closed", silent=True, half_close=True)
T.add("M", "no-body-half-close", post(b"", length=b"10"), {400, 408}, fate="closed", silent=True, half_close=True)
T.add("M", "missing-crlfcrlf-before-body-waits", head(b"POST /generate", b"Content-Length: 2") + b"{}", {400, 415, 422}, split=7)
T.add("M", "404-reads-its-body", post(b"x" * 5000, path=b"/no-such") + get(), [{404}, OK], 2, "kept")
T.add("M", "405-reads-its-body", post(b"x" * 5000, path=b"/health") + get(), [{405}, OK], 2)
T.add("M", "415-reads-its-body", post(b"x" * 5000, type=b"text/plain") + get(), [{415}, OK], 2)
T.add("M", "422-then-next", post(b"{}") + get(), [{422}, OK], 2, "kept")


@T.script("M", "33m-declared-413-before-the-body")
def declared(context):
    """413 as soon as the head is there"""
    with context.client() as client:
        client.send(context.bytes(post(b"", length=str(33 << 20).encode())))
        response = client.response()
        if response.status != 413:
            raise Failure(str(response))


@T.script("M", "32m-plus-1-declared-413")
def one_more(context):
    """413 for 32 MiB and a byte"""
    with context.client() as client:
        client.send(context.bytes(post(b"", length=str((32 << 20) + 1).encode())))
        response = client.response()
        if response.status != 413:
            raise Failure(str(response))


@T.script("M", "32m-exactly-is-read")
def all_of_it(context):
    """32 MiB are read, then refused for what they are"""
    with context.client(patience=20) as client:
        client.send(context.bytes(post(b" " * (32 << 20))))
        response = client.response()
        if response.status not in INVALID:
            raise Failure(str(response))


@T.script("S", "64m-body-413-readable-while-uploading")
def uploading(context):
    """413 that can be read while 64 MiB are still being sent"""
    with context.client(patience=20) as client:
        client.send(context.bytes(post(b"a" * (64 << 20))))
        try:
            response = client.response()
        except Closed:
            raise Failure("reset before the response could be read")
        if response.status != 413:
            raise Failure(str(response))


@T.script("M", "chunked-unbounded-body-capped")
def unbounded(context):
    """413 within a few MiB over 32 of a chunked body that does not end"""
    piece = b"10000\r\n" + b"a" * 65536 + b"\r\n"
    opening = head(b"POST /generate", b"Content-Type: application/json", b"Transfer-Encoding: chunked")
    with context.client(patience=20) as client:
        client.send(context.bytes(opening))
        sent = client.send(piece * 1024, until_response=True)
        try:
            response = client.response()
        except Closed:
            raise Failure(f"closed without a response after {sent} bytes")
        if response.status != 413:
            raise Failure(str(response))
        if sent > 48 << 20:
            raise Failure(f"took {sent} bytes first")


@T.script("M", "chunked-32m-in-one-chunk-declared")
def declared_chunk(context):
    """413 or 400 for a chunk of 4 GiB, before it is there"""
    opening = head(b"POST /generate", b"Content-Type: application/json", b"Transfer-Encoding: chunked")
    with context.client() as client:
        client.send(context.bytes(opening) + b"ffffffff\r\nabc")
        response = client.response()
        if response.status not in {400, 413}:
            raise Failure(str(response))
