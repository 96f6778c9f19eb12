"""Makes replay.tsv from cases.tsv: the rows a server can be judged by without the API, their bytes in full.

cases.tsv abbreviates long bytes to their beginning and their length (as sent with an Authorization header of
38 bytes to a request, and to 127.0.0.1:9106). Each completion below is checked against both. Runs of one text
are written {N*text}. Run in this folder: python3 expand_cases.py
"""
import re
import sys

HOST = "127.0.0.1:9106"
BODY = ('{"prompt": "torture test", "width": 64, "height": 64, "steps": 1, "seed": 1, '
        '"model": "no-such-model-7f3a"}')
GROUPS = ("reqline", "headers", "length", "chunked", "conn", "routes")
AUTHORIZATION = 38
SKIPPED = {
    "scripted": "has no bytes; BehaviourTests has such a case",
    "routes/get-openapi.json": "needs the API",
    "routes/405-allow-PUT-loras": "needs the API",
    "routes/405-allow-PATCH-metrics": "needs the API",
    "routes/405-allow-GET-v1-images-generations": "needs the API",
}

GET = "GET /health HTTP/1.1\r\nHost: {HOST}\r\n\r\n"
LOST = "GET /no-such-xyz HTTP/1.1\r\nHost: {HOST}\r\n\r\n"
SMUGGLED = "GET /smuggled-by-torture HTTP/1.1\r\nHost: {HOST}\r\n\r\n"


def headers(lines):
    return "GET /health HTTP/1.1\r\nHost: {HOST}\r\n" + lines + "\r\n"


def post(fields, body, version="1.1"):
    return (f"POST /generate HTTP/{version}\r\nHost: {{HOST}}\r\nContent-Type: application/json\r\n"
            f"{fields}\r\n{body}")


def chunked(body, fields="Transfer-Encoding: chunked\r\n", version="1.1"):
    return post(fields, body, version)


def garbage():
    return "".join(chr((13 + 197 * i) % 256) for i in range(4096)) + "\r\n\r\n"


# The bytes of a row whose end cannot be told from its beginning. A list is joined; (n, text) is a run.
WHOLE = {
    "reqline/target-7900-bytes-accepted": ["GET /health?", (7900, "a"), GET[11:]],
    "reqline/target-64k-414": ["GET /health?", (65536, "a"), GET[11:]],
    "reqline/target-1m-never-ending": ["GET /", (1048576, "a")],
    "headers/10k-headers-431": [headers("".join(f"X-{i}: v\r\n" for i in range(10000)))],
    "headers/header-value-64k-431": ["GET /health HTTP/1.1\r\nHost: {HOST}\r\nX-A: ", (65536, "a"), "\r\n\r\n"],
    "headers/accept-encoding-bomb": ["GET /health HTTP/1.1\r\nHost: {HOST}\r\nAccept-Encoding: ",
                                     (299, "gzip;q=0.1,"), "gzip;q=0.1\r\n\r\n"],
    "headers/cookie-4k": ["GET /health HTTP/1.1\r\nHost: {HOST}\r\nCookie: ", (799, "a=b; "), "a=b; \r\n\r\n"],
    "length/undersent-body-half-close": [post("Content-Length: 207\r\n", BODY)],
    "chunked/one-byte-chunks": [chunked("".join(f"1\r\n{c}\r\n" for c in BODY) + "0\r\n\r\n")],
    "chunked/leading-zeros-size": [chunked(f"0006b\r\n{BODY}\r\n000\r\n\r\n")],
    "chunked/triton-cve-2025-23310-20k-tiny-chunks": [
        chunked(""), (20000, "1\r\n \r\n"), f"6b\r\n{BODY}\r\n0\r\n\r\n"],
    "chunked/chunk-extension-ignored": [chunked(f'6b;a=b;c="d"\r\n{BODY}\r\n0;x\r\n\r\n')],
    "chunked/size-200-digits": [chunked(f"{'0' * 200}6b\r\n{BODY}\r\n0\r\n\r\n")],
    "chunked/ext-8m-flood": [chunked("6b;"), (8388608, "a")],
    "chunked/trailers-8m-flood": [chunked(f"6b\r\n{BODY}\r\n0\r\n"), (640000, "X-T: aaaaaa\r\n")],
    "chunked/data-bare-lf-terminator": [chunked(f"6b\r\n{BODY}\n0\r\n\r\n")],
    "chunked/data-longer-than-size": [chunked(f"69\r\n{BODY}\r\n0\r\n\r\n")],
    "chunked/invalid-size-does-not-resync": [chunked("INVALID!!!\r\n" + SMUGGLED)],
    "chunked/te-comma-chunked-and-cl": [
        chunked("0\r\n\r\n" + SMUGGLED, "Transfer-Encoding: ,chunked\r\nContent-Length: 5\r\n")],
    "conn/pipeline-100-in-order": [(50, GET + LOST)],
    "conn/keepalive-200-sequential": [(200, GET)],
    "conn/binary-garbage": [garbage()],
    "conn/nul-flood": [(65536, "\0")],
}


def unescape(text):
    return re.sub(r"\\(x[0-9a-f]{2}|.)", lambda m: {"r": "\r", "n": "\n", "t": "\t", "\\": "\\"}.get(
        m[1], m[1] if len(m[1]) == 1 else chr(int(m[1][1:], 16))), text)


def escape(text):
    return "".join({"\r": "\\r", "\n": "\\n", "\t": "\\t", "\\": "\\\\"}.get(
        c, c if " " <= c <= "~" else f"\\x{ord(c):02x}") for c in text)


def flat(parts):
    return "".join(p if isinstance(p, str) else p[0] * p[1] for p in parts)


def complete(name, shown):
    """The whole of a row from its beginning: the usual body, and the end of a chunked one."""
    if name in WHOLE:
        return WHOLE[name]
    start = unescape(shown)
    at = start.rindex('{"prompt"')
    end = "\r\n0\r\n\r\n" if "Transfer-Encoding" in start[:at] else ""
    return [start[:at] + BODY + end]


def main():
    rows = []
    for line in open("cases.tsv", encoding="utf-8").read().splitlines()[1:]:
        level, name, shown, statuses, responses, connection = line.split("\t")
        if name.split("/")[0] not in GROUPS or name in SKIPPED or shown.startswith("(scripted"):
            continue
        cut = re.search(r"\.\.\.\((\d+) bytes\)$", shown)
        if cut:
            shown, length = shown[:cut.start()], int(cut[1])
            parts = complete(name, shown)
            whole = flat(parts)
            real = whole.replace("{HOST}", HOST)
            have = len(real) + AUTHORIZATION * len(re.findall(r"(?<!torture) HTTP/1\.[01]\r\nHost", whole))
            if not escape(whole).startswith(shown.removesuffix("\\").replace("\\'", "'")) \
                    and name not in ("conn/keepalive-200-sequential", "conn/pipeline-100-in-order"):
                sys.exit(f"{name}: begins otherwise\n{shown}\n{escape(whole)[:300]}")
            if have != length and len(real) != length:
                sys.exit(f"{name}: {length} bytes, completed to {have} or {len(real)}")
            text = "".join(escape(p) if isinstance(p, str) else "{%d*%s}" % (p[0], escape(p[1])) for p in parts)
        else:
            text = shown
        rows.append("\t".join([level, name, text, statuses, responses, connection]))
    open("replay.tsv", "w", encoding="utf-8").write("\n".join(rows) + "\n")
    print(len(rows), "rows")


main()
