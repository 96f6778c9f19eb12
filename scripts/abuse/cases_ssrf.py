"""Addresses in place of pictures: nothing is fetched. A listener of our own would notice."""

import socket

from case import BASE, Failure, Table, post_json

T = Table("ssrf")
CASES = T.cases
REFUSED = {400, 403, 413, 415, 422}
ADDRESSES = [
    ("localhost", "http://localhost:{port}/x.png"), ("loopback", "http://127.0.0.1:{port}/x.png"), ("short", "http://127.1:{port}/x"), ("hex", "http://0x7f000001:{port}/x"), ("decimal", "http://2130706433:{port}/x"),
    ("octal", "http://0177.0.0.1:{port}/x"), ("zero", "http://0.0.0.0:{port}/x"), ("zero-short", "http://0:{port}/x"), ("v6", "http://[::1]:{port}/x"), ("v4mapped", "http://[::ffff:127.0.0.1]:{port}/x.png"),
    ("userinfo", "http://example.com@127.0.0.1:{port}/x.png"), ("trailing-dot", "http://localhost.:{port}/x"), ("uppercase", "HTTP://LOCALHOST:{port}/x"), ("https-loopback", "https://127.0.0.1:{port}/x"),
    ("metadata", "http://169.254.169.254/latest/meta-data/"), ("ftp", "ftp://127.0.0.1:{port}/x"), ("gopher", "gopher://127.0.0.1:{port}/_x"), ("file", "file:///etc/passwd"), ("file-host", "file://localhost/etc/passwd"),
    ("dict", "dict://127.0.0.1:{port}/"), ("protocol-relative", "//127.0.0.1:{port}/x"), ("fullwidth", "http://１２７.０.０.１:{port}/x"), ("newline", "http://127.0.0.1:{port}/\r\nX: y"), ("blank-first", " http://127.0.0.1:{port}/x"),
    ("jar", "jar:http://127.0.0.1:{port}/!/x"), ("data-with-url", "data:image/png;base64,http://127.0.0.1:{port}/"), ("unc", "\\\\127.0.0.1\\share\\x.png"), ("s3", "s3://bucket/x.png"),
]


def trap(address, body):
    """Whether the server refuses the body and opens no connection to us."""
    def run(context):
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            listener.listen()
            port = listener.getsockname()[1]
            response = context.exchange(post_json(body(address.replace("{port}", str(port)))))
            if response.status not in REFUSED:
                raise Failure(str(response))
            listener.settimeout(0.05)
            try:
                listener.accept()
            except TimeoutError:
                return
            raise Failure("the server fetched it")
    run.__doc__ = "400, 403, 413, 415 or 422, and no connection to a listener of ours"
    return run


for name, address in ADDRESSES:
    T.add("X", f"image-url-{name}", script=trap(address, lambda url: {**BASE, "image": url}))
for field, body in [
    ("reference", lambda url: {**BASE, "reference_image": url}), ("references", lambda url: {**BASE, "reference_images": [url]}), ("mask", lambda url: {**BASE, "image": url, "mask": url}),
    ("reference-object", lambda url: {**BASE, "reference_images": [{"image": url, "weight": 1}]}), ("control", lambda url: {**BASE, "control": {"model": "canny", "image": url}}),
    ("webhook", lambda url: {**BASE, "webhook": url}), ("image-url-field", lambda url: {**BASE, "image_url": url}), ("image-object", lambda url: {**BASE, "image": {"url": url}}),
]:
    T.add("X", f"{field}-url", script=trap(ADDRESSES[1][1], body))
