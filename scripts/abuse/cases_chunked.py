"""Chunked bodies (RFC 9112 §7)."""

from case import BODY, INVALID, OK, Failure, Table, chunk, chunked, get, head, post

T = Table("chunked")
CASES = T.cases
BROKEN = {400, 413}
END = b"0\r\n\r\n"
SIZE = b"%x" % len(BODY)
ONE = SIZE + b"\r\n" + BODY + b"\r\n"
SMUGGLED = b"GET /smuggled-by-torture HTTP/1.1\r\nHost: {HOST}\r\n\r\n"


def sized(line):
    """The body in one chunk with this as its size line."""
    return chunked(line + b"\r\n" + BODY + b"\r\n" + END)


def pieces(size):
    return b"".join(chunk(BODY[i : i + size]) for i in range(0, len(BODY), size)) + END


T.rows("M", {404}, "kept", [
    ("one-chunk", chunked(ONE + END)),
    ("one-byte-chunks", chunked(pieces(1))),
    ("two-byte-chunks", chunked(pieces(2))),
    ("uneven-chunks", chunked(pieces(13))),
    ("uppercase-hex-size", sized(SIZE.upper())),
    ("chunk-extension-ignored", sized(SIZE + b';a=b;c="d"')),
    ("chunk-extension-without-value", sized(SIZE + b";a")),
    ("chunk-extension-quoted-semicolon", sized(SIZE + b';a="b;c\\"d"')),
    ("extension-on-last-chunk", chunked(ONE + b"0;a=b\r\n\r\n")),
    ("last-chunk-many-zeros", chunked(ONE + b"0000\r\n\r\n")),
    ("trailer-ignored", chunked(ONE + b"0\r\nX-A: 1\r\n\r\n")),
    ("trailers-99", chunked(ONE + b"0\r\n" + b"".join(b"X-%d: v\r\n" % i for i in range(99)) + b"\r\n")),
    ("trailer-content-length-ignored", chunked(ONE + b"0\r\nContent-Length: 5\r\n\r\n")),
    ("trailer-host-ignored", chunked(ONE + b"0\r\nHost: evil.example\r\n\r\n")),
    ("trailer-te-ignored", chunked(ONE + b"0\r\nTransfer-Encoding: chunked\r\n\r\n")),
    ("te-any-case", chunked(ONE + END, te=b"ChUnKeD")),
    ("te-ows", chunked(ONE + END, te=b" \t chunked\t ")),
    ("triton-cve-2025-23310-20k-tiny-chunks", chunked(b"1\r\n \r\n" * 20000 + ONE + END)),
    ("1000-extensions-in-all", chunked(b"".join(chunk(BODY[i : i + 1], b";a=b") for i in range(len(BODY))) + END)),
])
T.add("M", "split-across-segments", chunked(ONE + END), {404}, fate="kept", split=3)
T.add("M", "byte-by-byte", chunked(pieces(5)), {404}, fate="kept", split=1)
T.add("S", "leading-zeros-size", sized(b"000" + SIZE), {404}, fate="kept")
T.add("M", "empty-then-post-on-same-conn", chunked(END) + post(), [INVALID, {404}], 2, "kept")
T.add("M", "empty-body-is-missing", chunked(END), INVALID, fate="kept")
T.add("M", "get-chunked-consumed", get(b"/health", b"Transfer-Encoding: chunked") + b"5\r\nhello\r\n" + END, {200, 400, 413})
T.add("M", "pipelined-after-chunked", chunked(ONE + END) + get() + chunked(ONE + END), [{404}, OK, {404}], 3, "kept")

T.rows("M", BROKEN, "closed", [
    ("size-plus", sized(b"+" + SIZE)),
    ("size-minus", sized(b"-" + SIZE)),
    ("size-leading-space", sized(b" " + SIZE)),
    ("size-leading-tab", sized(b"\t" + SIZE)),
    ("size-trailing-tab-cr", sized(SIZE + b"\t\r")),
    ("size-g", sized(SIZE + b"g")),
    ("size-0x", sized(b"0x" + SIZE)),
    ("size-underscore", sized(b"6_b")),
    ("size-point", sized(SIZE + b".0")),
    ("size-empty", sized(b"")),
    ("size-empty-with-extension", sized(b";a=b")),
    ("size-comma", sized(SIZE + b",")),
    ("size-fullwidth", sized("６ｂ".encode())),
    ("size-nul", sized(SIZE + b"\x00")),
    ("size-u64-max", sized(b"ffffffffffffffff")),
    ("size-u64-wrap", sized(b"1000000000000006b")),
    ("size-i64-max", sized(b"7fffffffffffffff")),
    ("size-i64-min", sized(b"8000000000000000")),
    ("size-32-digits", sized(b"f" * 32)),
    ("size-ext-nul", sized(SIZE + b";a\x00b")),
    ("size-ext-bare-cr", sized(SIZE + b";a\rb")),
    ("size-ext-del", sized(SIZE + b";a\x7fb")),
    ("size-bare-cr-x", sized(SIZE + b"\r\r;")),
    ("data-longer-than-size", chunked(b"69\r\n" + BODY + b"\r\n" + END)),
    ("data-cr-only-terminator", chunked(SIZE + b"\r\n" + BODY + b"\r" + END)),
    ("data-garbage-terminator", chunked(SIZE + b"\r\n" + BODY + b"XX" + END)),
    ("invalid-size-does-not-resync", chunked(b"INVALID!!!\r\n" + SMUGGLED)),
    ("size-line-is-a-request", chunked(SMUGGLED)),
], silent=True)
T.rows("M", {400}, "closed", [
    ("data-without-terminator", chunked(SIZE + b"\r\n" + BODY + END)),
    ("trailer-space-before-colon", chunked(ONE + b"0\r\nX-A : 1\r\n\r\n")),
    ("trailer-no-colon", chunked(ONE + b"0\r\nX-A\r\n\r\n")),
    ("trailer-nul", chunked(ONE + b"0\r\nX-A: a\x00b\r\n\r\n")),
    ("trailer-fold", chunked(ONE + b"0\r\nX-A: 1\r\n 2\r\n\r\n")),
    ("trailer-is-a-request-line", chunked(ONE + b"0\r\nGET /smuggled-by-torture HTTP/1.1\r\n\r\n")),
], silent=True)
T.rows("S", {400}, "closed", [
    ("size-line-bare-lf", chunked(SIZE + b"\n" + BODY + b"\r\n" + END)),
    ("data-bare-lf-terminator", chunked(SIZE + b"\r\n" + BODY + b"\n" + END)),
    ("last-chunk-bare-lf", chunked(ONE + b"0\n\r\n")),
    ("end-bare-lf", chunked(ONE + b"0\r\n\n")),
    ("trailer-bare-lf", chunked(ONE + b"0\r\nX-A: 1\n\r\n")),
    ("extension-bare-lf", chunked(SIZE + b";a\nb\r\n" + BODY + b"\r\n" + END)),
], silent=True)
T.rows("S", BROKEN, "closed", [
    ("size-trailing-space", sized(SIZE + b" ")),
    ("size-trailing-tab", sized(SIZE + b"\t")),
    ("size-200-digits", sized(b"0" * 198 + SIZE)),
], silent=True)
T.add("S", "size-space-before-extension", sized(SIZE + b" ;a=b"), {400, 404}, silent=True)
T.add("S", "ext-8m-flood", sized(SIZE + b";" + b"a" * (8 << 20)), {400, 413, 431}, fate="closed", silent=True)
T.add("S", "ext-flood-over-many-chunks", chunked(b"".join(chunk(BODY[i : i + 1], b";" + b"a" * 4000) for i in range(len(BODY))) + END),
      {400, 413, 431}, fate="closed", silent=True)
T.add("S", "trailers-8m-flood", chunked(ONE + b"0\r\n" + b"X-T: " + b"v\r\nX-T: " * 1040000), {400, 413, 431}, fate="closed", silent=True)
T.add("M", "trailers-200", chunked(ONE + b"0\r\n" + b"".join(b"X-%d: v\r\n" % i for i in range(200)) + b"\r\n"), {400, 413, 431}, fate="closed", silent=True)
T.add("M", "trailer-line-64k", chunked(ONE + b"0\r\nX-A: " + b"a" * 65536 + b"\r\n\r\n"), {400, 413, 431}, fate="closed", silent=True)

CODED = ONE + END
T.rows("M", {400, 501}, "closed", [(name, chunked(CODED, te=te)) for name, te in [
    ("te-unknown", b"pigeons"), ("te-identity", b"identity"), ("te-chunkedchunked", b"chunkedchunked"), ("te-a0", b"\xa0chunked"),
    ("te-vertical-tab", b"\x0bchunked"), ("te-nul", b"chunked\x00"), ("te-xchunked", b"xchunked"), ("te-chunked-suffix", b"chunkedx"),
    ("te-quoted", b'"chunked"'), ("te-empty", b""), ("te-chunked-gzip", b"chunked, gzip"), ("te-gzip-chunked", b"gzip, chunked"),
    ("te-identity-chunked", b"identity, chunked"), ("te-chunked-identity", b"chunked, identity"), ("te-parameter", b"chunked;q=1"),
    ("te-chunk", b"chunk"), ("te-kelvin", "chun\u212aed".encode()),
]], silent=True)
T.rows("S", {400, 501}, "closed", [
    ("te-chunked-twice", chunked(CODED, te=b"chunked, chunked")),
    ("te-two-headers-chunked-chunked", chunked(CODED, te=b"chunked\r\nTransfer-Encoding: chunked")),
    ("te-two-headers-identity-chunked", chunked(CODED, te=b"identity\r\nTransfer-Encoding: chunked")),
    ("te-comma-first", chunked(CODED, te=b",pigeons")),
], silent=True)
T.add("M", "te-obs-fold", chunked(CODED, te=b"\r\n chunked"), {400, 404, 422, 501}, silent=True)
T.add("M", "te-http10", head(b"POST /generate", b"Content-Type: application/json", b"Transfer-Encoding: chunked").replace(b"HTTP/1.1", b"HTTP/1.0") + CODED,
      {400, 404, 411, 422, 501}, fate="closed", silent=True)
T.add("M", "te-http10-get", b"GET /health HTTP/1.0\r\nHost: {HOST}\r\nTransfer-Encoding: chunked\r\n\r\n" + END, {200, 400, 501}, fate="closed", silent=True)
T.add("M", "te-comma-chunked-and-cl", chunked(END + SMUGGLED, b"Content-Length: 5", te=b",chunked"), {400, 411, 422, 501}, fate="closed", silent=True)
T.add("M", "transfer-underscore-encoding-not-normalised", post(BODY, b"Transfer_Encoding: chunked"), {400, 404, 422}, silent=True)
T.add("M", "undersent-half-close", chunked(SIZE + b"\r\n" + BODY[:50]), {400, 408}, fate="closed", silent=True, half_close=True)
T.add("M", "no-last-chunk-half-close", chunked(ONE), {400, 408}, fate="closed", silent=True, half_close=True)
T.add("M", "no-end-of-trailers-half-close", chunked(ONE + b"0\r\nX-A: 1\r\n"), {400, 408}, fate="closed", silent=True, half_close=True)


@T.script("M", "400k-tiny-chunks-are-linear")
def linear(context):
    """413, 404 or 422 for 400,000 chunks of a byte, within 3 s"""
    import time
    start = time.monotonic()
    response = context.exchange(chunked(b"1\r\n \r\n" * 400_000 + ONE + END), patience=20)
    if response.status not in {400, 404, 413, 422} or time.monotonic() - start > 3:
        raise Failure(f"{time.monotonic() - start:.1f} s, {response}")
