"""POST /v1/images/edits: multipart/form-data (RFC 7578), as clients and attackers write it."""

from case import MODEL, Table, get, head
from embedded import JPEG, WEBP_ANIMATED
from pictures import WRONG, png

T = Table("multipart")
CASES = T.cases
PATH = b"/v1/images/edits"
BOUNDARY = b"torture-boundary"
FORM = b"multipart/form-data; boundary=" + BOUNDARY
# A right form names a model that is not there, or asks for what is not made yet.
RIGHT = {400, 404}
BROKEN = {400, 404, 413, 415, 422}
DENIED = {400, 415, 422}
PICTURE = png()


def part(name, data, filename=None, kind=None, extra=b""):
    disposition = b'Content-Disposition: form-data; name="' + name + b'"'
    if filename is not None:
        disposition += b'; filename="' + filename + b'"'
    lines = disposition + b"\r\n" + (b"Content-Type: " + kind + b"\r\n" if kind else b"") + extra
    return b"--" + BOUNDARY + b"\r\n" + lines + b"\r\n" + data + b"\r\n"


END = b"--" + BOUNDARY + b"--\r\n"
PROMPT = part(b"prompt", b"a") + part(b"model", MODEL.encode())
IMAGE = part(b"image", PICTURE, b"x.png", b"image/png")
WHOLE = IMAGE + PROMPT + END


def request(body, kind=FORM):
    lines = [] if kind is None else [b"Content-Type: " + kind]
    return head(b"POST " + PATH, *lines, b"Content-Length: %d" % len(body)) + body


def raw(disposition, data=b"a"):
    """A form with one more part whose head is given."""
    return request(IMAGE + PROMPT + b"--" + BOUNDARY + b"\r\n" + disposition + b"\r\n\r\n" + data + b"\r\n" + END)


T.rows("P", RIGHT, "kept", [
    ("right", request(WHOLE)), ("image-array", request(part(b"image[]", PICTURE, b"x.png", b"image/png") + PROMPT + END)),
    ("two-images", request(part(b"image[]", PICTURE, b"x.png", b"image/png") * 2 + PROMPT + END)), ("image-last", request(PROMPT + IMAGE + END)),
    ("jpeg", request(part(b"image", JPEG, b"x.jpg", b"image/jpeg") + PROMPT + END)), ("mask", request(IMAGE + part(b"mask", png(colour=6), b"m.png", b"image/png") + PROMPT + END)),
    ("octet-stream", request(part(b"image", PICTURE, b"x.png", b"application/octet-stream") + PROMPT + END)), ("no-part-type", request(part(b"image", PICTURE, b"x.png") + PROMPT + END)),
    ("empty-filename", request(part(b"image", PICTURE, b"", b"image/png") + PROMPT + END)), ("utf8-filename", request(part(b"image", PICTURE, "café.png".encode(), b"image/png") + PROMPT + END)),
    ("boundary-quoted", request(WHOLE, b'multipart/form-data; boundary="torture-boundary"')), ("boundary-charset-first", request(WHOLE, b"multipart/form-data; charset=utf-8; boundary=torture-boundary")),
    ("type-uppercase", request(WHOLE, b"Multipart/Form-Data; Boundary=torture-boundary")), ("unquoted-name", raw(b"Content-Disposition: form-data; name=user")),
    ("extra-part-field", raw(b'Content-Disposition: form-data; name="user"\r\nX-A: b')), ("lowercase-disposition", raw(b'content-disposition: Form-Data; name="user"')),
])
T.rows("S", RIGHT, "either", [
    ("preamble-epilogue", request(b"preamble\r\n" + WHOLE + b"epilogue\r\n")), ("no-end-crlf", request(WHOLE[:-2])), ("blanks-after-boundary", request(WHOLE.replace(BOUNDARY + b"\r\n", BOUNDARY + b"  \r\n", 1))),
])
T.add("S", "chunked", head(b"POST " + PATH, b"Content-Type: " + FORM, b"Transfer-Encoding: chunked") + b"%x\r\n" % len(WHOLE) + WHOLE + b"\r\n0\r\n\r\n", RIGHT, fate="kept")
T.add("M", "byte-by-byte", request(WHOLE), RIGHT, fate="kept", split=1)
T.add("M", "pipelined", request(WHOLE) + get() + request(WHOLE), [RIGHT, {200}, RIGHT], count=3, fate="kept")

T.rows("P", DENIED, "either", [
    ("json-instead", request(b'{"prompt":"a"}', b"application/json")), ("type-missing", request(WHOLE, None)), ("type-mixed", request(WHOLE, b"multipart/mixed; boundary=torture-boundary")),
    ("type-urlencoded", request(b"prompt=a", b"application/x-www-form-urlencoded")), ("type-plain", request(WHOLE, b"text/plain")), ("prefix-of-type", request(WHOLE, b"multipart/form-datax; boundary=torture-boundary")),
])
T.rows("M", DENIED, "either", [
    ("no-boundary-param", request(WHOLE, b"multipart/form-data")), ("boundary-too-long", request(WHOLE, b"multipart/form-data; boundary=" + b"b" * 71)),
    ("boundary-4k", request(WHOLE, b"multipart/form-data; boundary=" + b"b" * 4096)), ("boundary-unclosed-quote", request(WHOLE, b'multipart/form-data; boundary="torture-boundary')),
    ("boundary-not-printable", request(WHOLE, b"multipart/form-data; boundary=\xff\xfe")), ("boundary-twice", request(WHOLE, FORM + b"; boundary=other")),
])
T.add("S", "empty-boundary", request(WHOLE, b"multipart/form-data; boundary="), DENIED)
T.add("S", "empty-boundary-quoted", request(b"--\r\n" + WHOLE + b"----\r\n", b'multipart/form-data; boundary=""'), DENIED)
T.rows("M", {400, 422}, "either", [
    ("wrong-boundary", request(WHOLE, b"multipart/form-data; boundary=other")), ("boundary-prefix", request(WHOLE, b"multipart/form-data; boundary=torture")), ("empty-body", request(b"")),
    ("not-a-form", request(b"hello")), ("only-end", request(END)), ("only-begin", request(b"--" + BOUNDARY + b"\r\n")),
])
T.rows("M", {400, 404, 422}, "either", [
    ("no-final-boundary", request(WHOLE[: -len(END)])), ("truncated-in-file", request(WHOLE[:150])), ("boundary-lookalike-in-data", request(
        part(b"image", PICTURE + b"\r\n--torture-boundar\r\n--torture-boundary-not\r\n", b"x.png", b"image/png") + PROMPT + END)),
    ("data-after-end", request(WHOLE + WHOLE)), ("bare-lf", request(WHOLE.replace(b"\r\n", b"\n"))), ("boundary-without-dashes", request(WHOLE.replace(b"--" + BOUNDARY, BOUNDARY))),
], check=lambda r: None)
T.rows("P", BROKEN, "either", [
    ("part-without-name", request(b"--" + BOUNDARY + b"\r\nContent-Disposition: form-data\r\n\r\na\r\n" + END)), ("part-without-disposition", request(b"--" + BOUNDARY + b"\r\nX-A: b\r\n\r\na\r\n" + END)),
    ("only-boundary-dashes", request(b"-" * 10000)), ("part-without-head-end", request(b"--" + BOUNDARY + b"\r\nContent-Disposition: form-data; name=\"prompt\"\r\n" + END)),
    ("disposition-attachment", raw(b'Content-Disposition: attachment; name="user"')), ("disposition-twice", raw(b'Content-Disposition: form-data; name="user"\r\nContent-Disposition: form-data; name="n"')),
    ("name-twice", raw(b'Content-Disposition: form-data; name="user"; name="n"')), ("name-unclosed", raw(b'Content-Disposition: form-data; name="user')), ("name-empty", raw(b'Content-Disposition: form-data; name=""')),
    ("name-nul", raw(b'Content-Disposition: form-data; name="us\0er"')), ("name-not-utf8", raw(b'Content-Disposition: form-data; name="\xff\xfe"')), ("name-unknown", raw(b'Content-Disposition: form-data; name="promt"')),
    ("name-10k", raw(b'Content-Disposition: form-data; name="' + b"n" * 10000 + b'"')), ("head-no-colon", raw(b"Content-Disposition")), ("head-fold", raw(b'Content-Disposition: form-data;\r\n name="user"')),
    ("head-space-before-colon", raw(b'Content-Disposition : form-data; name="user"')), ("head-1000-fields", raw(b'Content-Disposition: form-data; name="user"' + b"\r\nX-A: b" * 1000)),
    ("head-64k-line", raw(b'Content-Disposition: form-data; name="user"; x="' + b"a" * 65536 + b'"')), ("head-bare-lf", raw(b'Content-Disposition: form-data; name="user"\nX-A: b')),
    ("nested-multipart", request(b"--" + BOUNDARY + b'\r\nContent-Disposition: form-data; name="image"\r\nContent-Type: multipart/mixed; boundary=inner\r\n\r\n--inner\r\n\r\na\r\n--inner--\r\n' + END)),
    ("transfer-encoding-in-part", raw(b'Content-Disposition: form-data; name="user"\r\nTransfer-Encoding: chunked', b"1\r\na\r\n0\r\n\r\n")), ("charset-part", raw(b'Content-Disposition: form-data; name="_charset_"', b"utf-16")),
])
T.add("S", "content-transfer-encoding-base64", request(part(b"image", b"aGVsbG8=", b"x.png", b"image/png", b"Content-Transfer-Encoding: base64\r\n") + PROMPT + END), {400, 404, 415, 422})
T.add("S", "filename-star", raw(b"Content-Disposition: form-data; name=\"user\"; filename*=UTF-8''%2e%2e%2fx"), BROKEN)
T.rows("X", {400, 404, 422}, "either", [(name, request(part(b"image", PICTURE, filename, b"image/png") + PROMPT + END)) for name, filename in [
    ("filename-traversal", b"../../../../etc/cron.d/x"), ("filename-nul", b"x\0.png"), ("filename-backslash", b"..\\..\\x.png"), ("filename-absolute", b"/etc/passwd"), ("filename-64k", b"a" * 65536),
    ("filename-quote", b'a\\"b.png'), ("filename-percent", b"%2e%2e%2fx"), ("filename-newline-percent", b"a%0d%0aX: y"), ("filename-html", b"<script>alert(1)</script>.png"), ("filename-exe", b"x.exe"),
]])
FIELDS = [("n-huge", b"n", b"1000000000"), ("n-zero", b"n", b"0"), ("n-word", b"n", b"two"), ("n-float", b"n", b"1.5"), ("n-empty", b"n", b""), ("n-minus", b"n", b"-1"), ("size-abc", b"size", b"abc"), ("size-0x0", b"size", b"0x0"),
          ("size-huge", b"size", b"99999x99999"), ("prompt-twice", b"prompt", b"b"), ("response-format", b"response_format", b"gif"), ("stream-word", b"stream", b"perhaps"), ("user-not-utf8", b"user", b"\xff\xfe"),
          ("unknown-field", b"promt", b"a"), ("strength-is-none", b"strength", b"0.5"), ("n-blank", b"n", b" 1 "), ("n-plus", b"n", b"+1"), ("n-arabic", b"n", "٢".encode()), ("n-with-nul", b"n", b"1\0")]
T.rows("M", {400, 404, 422}, "either", [(name, request(IMAGE + PROMPT + part(field, value) + END)) for name, field, value in FIELDS])
T.rows("P", {400, 422}, "either", [
    ("image-missing", request(PROMPT + END)), ("prompt-missing", request(IMAGE + part(b"model", MODEL.encode()) + END)), ("prompt-as-file", request(IMAGE + part(b"prompt", PICTURE, b"x.png", b"image/png") + END)),
    ("prompt-not-utf8", request(IMAGE + part(b"prompt", b"\xff\xfe") + END)), ("prompt-nul-only-utf16", request(IMAGE + part(b"prompt", "a".encode("utf-16")) + END)), ("prompt-40k", request(IMAGE + part(b"prompt", b"a" * 40000) + END)),
    ("image-is-text", request(part(b"image", b"hello") + PROMPT + END)), ("image-empty", request(part(b"image", b"", b"x.png", b"image/png") + PROMPT + END)),
    ("image-is-a-url", request(part(b"image", b"http://127.0.0.1:1/x.png") + PROMPT + END)), ("image-is-base64", request(part(b"image", b"iVBORw0KGgo=", b"x.png", b"image/png") + PROMPT + END)),
])
T.add("P", "image-not-image", request(part(b"image", b"not an image", b"x.png", b"image/png") + PROMPT + END), DENIED)
T.rows("P", {400, 413, 415, 422}, "either", [
    (f"image-{name}", request(part(b"image", data, b"x.png", b"image/png") + PROMPT + END)) for name, data in
    [*((k, WRONG[k]) for k in ("png-truncated-half", "png-no-idat", "png-zero-width", "jpeg-soi-only", "jpeg-truncated", "webp-truncated", "gif-animated", "bmp", "svg", "html", "bomb-8193-wide", "zip", "elf")), ("webp-animated", WEBP_ANIMATED)]
])
T.add("M", "image-bomb-50000", request(part(b"image", WRONG["bomb-ihdr-50000x50000"], b"x.png", b"image/png") + PROMPT + END), {400, 413, 422})
T.add("M", "mask-bomb-50000", request(IMAGE + part(b"mask", WRONG["bomb-ihdr-50000x50000"], b"x.png", b"image/png") + PROMPT + END), {400, 413, 422})
T.add("P", "mask-other-size", request(IMAGE + part(b"mask", png(16, 16, colour=6), b"m.png", b"image/png") + PROMPT + END), {400, 404, 422})
T.add("M", "5-images", request(part(b"image[]", PICTURE, b"x.png", b"image/png") * 5 + PROMPT + END), {400, 404, 413, 422})
T.add("M", "17-images", request(part(b"image[]", PICTURE, b"x.png", b"image/png") * 17 + PROMPT + END), {400, 404, 413, 422})
T.add("M", "10000-parts", request(part(b"user", b"a") * 10000 + END), {400, 413, 422}, patience=20)
T.add("M", "100000-tiny-parts", request((b"--" + BOUNDARY + b"\r\n\r\n\r\n") * 100_000 + END), {400, 413, 422}, patience=20)
T.add("P", "25mb-file", request(part(b"image", PICTURE + bytes(25_000_000), b"x.png", b"image/png") + END), {400, 413, 422}, patience=20)
T.add("M", "33mb-body-413", head(b"POST " + PATH, b"Content-Type: " + FORM, b"Content-Length: 33554433"), {413}, fate="closed")
T.add("M", "4mb-of-cr-boundary-prefixes", request(part(b"image", PICTURE + (b"\r\n--" + BOUNDARY[:-1]) * 233_000, b"x.png", b"image/png") + PROMPT + END), {400, 404, 413, 422}, patience=20)
T.add("M", "4mb-of-crs", request(part(b"image", PICTURE + b"\r" * (4 << 20), b"x.png", b"image/png") + PROMPT + END), {400, 404, 413, 422}, patience=20)
T.add("M", "4mb-of-dashes", request(part(b"image", PICTURE + b"-" * (4 << 20), b"x.png", b"image/png") + PROMPT + END), {400, 404, 413, 422}, patience=20)
T.add("M", "4mb-of-crlf", request(part(b"image", PICTURE + b"\r\n" * (2 << 20), b"x.png", b"image/png") + PROMPT + END), {400, 404, 413, 422}, patience=20)
T.add("M", "self-similar-boundary", request(b"--" + b"-" * 69 + b"a\r\n" + b"-" * (4 << 20), b"multipart/form-data; boundary=" + b"-" * 69 + b"a"), {400, 413, 422}, patience=20)
T.add("S", "generate-takes-a-form", head(b"POST /generate", b"Content-Type: " + FORM, b"Content-Length: %d" % len(WHOLE)) + WHOLE, {404})
