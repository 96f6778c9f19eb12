"""Pictures in a request."""

import json

import embedded
from case import BAD_PICTURE, BASE, MODEL, PICTURE, Table, post_json
from pictures import EITHER, RIGHT, WRONG, exif, png, text, with_segment

T = Table("image")
CASES = T.cases


def request(value, field="image", **more):
    # Of one step, a smaller strength leaves none.
    return post_json({**BASE, "strength": 1, field: value, **more})


def issues(response):
    detail = (response.json or {}).get("detail")
    return detail if isinstance(detail, list) else []


def read(response):
    """A right picture is used."""
    wrong = [i["msg"] for i in issues(response)]
    return f"refused: {wrong[0]}" if wrong else None


def found_wrong(field="image"):
    """A wrong picture is called wrong, at its field."""
    def check(response):
        if response.status != 422:
            return None
        if not any(i["loc"][:2] == ["body", field] for i in issues(response)):
            return "not refused for what it is"
        if any(len(json.dumps(i["input"])) > 8000 for i in issues(response)):
            return "the whole picture comes back"
    return check


RIGHT_FILES = {
    **RIGHT, "jpeg-valid": embedded.JPEG, "jpeg-progressive": embedded.JPEG_PROGRESSIVE, "jpeg-grey": embedded.JPEG_GREY, "jpeg-cmyk": embedded.JPEG_CMYK,
    "jpeg-exif-rotated": with_segment(embedded.JPEG, exif()), "webp-lossless": embedded.WEBP_LOSSLESS, "webp-lossy": embedded.WEBP_LOSSY, "webp-alpha": embedded.WEBP_ALPHA,
}
for name, data in RIGHT_FILES.items():
    T.add("P", name, request(text(data)), PICTURE, check=read, patience=20)
for name, data in WRONG.items():
    T.add("M" if "bomb" in name or "zero" in name or "4g" in name else "P", name, request(text(data)), BAD_PICTURE, check=found_wrong())
for name, data in EITHER.items():
    T.add("S", name, request(text(data)), PICTURE, patience=20)
T.add("P", "webp-animated-first-frame-or-4xx", request(text(embedded.WEBP_ANIMATED)), PICTURE)

GOOD = text(png())
for name, value in [
    ("b64-garbage", "@@@@ not base64 @@@@"), ("b64-bad-length", GOOD[:-1] if GOOD.endswith("=") else GOOD[:-3]), ("b64-padding-flood", "=" * 10000), ("b64-padding-inside", GOOD[:20] + "==" + GOOD[20:]),
    ("b64-non-ascii", "é" + GOOD), ("b64-nul", GOOD[:10] + "\0" + GOOD[10:]), ("b64-trailing-garbage", GOOD + "!!!!"), ("b64-one-character", "A"), ("b64-percent", GOOD.replace("=", "%3D") + "%3D"), ("empty", ""), ("blanks", "    "),
    ("data-url-html", "data:text/html;base64,PHNjcmlwdD4="), ("data-url-no-comma", "data:image/png;base64"), ("data-url-no-base64", "data:image/png,abc"), ("data-url-empty", "data:image/png;base64,"),
    ("data-url-svg", "data:image/svg+xml;base64,PHN2Zz4="), ("data-url-gif", "data:image/gif;base64," + GOOD), ("data-url-mime-disagrees", "data:image/jpeg;base64," + GOOD), ("data-url-only", "data:,"),
    ("data-url-1m-parameters", "data:image/png;" + "a=b;" * 100000 + "base64,@"), ("path", "/etc/passwd"), ("relative-path", "../picture.png"), ("json-in-text", '{"url": "http://127.0.0.1/"}'),
]:
    T.add("P", name, request(value), BAD_PICTURE, check=found_wrong() if value else None)
T.add("S", "b64-inner-newlines", request("\r\n".join(GOOD[i : i + 20] for i in range(0, len(GOOD), 20))), PICTURE, check=read)
T.add("S", "b64-urlsafe", request(GOOD.replace("+", "-").replace("/", "_")), PICTURE)
T.add("P", "data-url-png", request("data:image/png;base64," + GOOD), PICTURE, check=read)
T.add("P", "data-url-uppercase", request("DATA:image/PNG;BASE64," + GOOD), PICTURE)
T.add("P", "data-url-jpeg", request("data:image/jpeg;base64," + text(embedded.JPEG)), PICTURE, check=read)
T.add("P", "data-url-webp", request("data:image/webp;base64," + text(embedded.WEBP_LOSSLESS)), PICTURE, check=read)
for name, value in (("number", 5), ("bool", True), ("array", [GOOD]), ("object", {"b64_json": GOOD}), ("float", 1.5)):
    T.add("P", f"image-type-{name}", request(value), BAD_PICTURE)
BIG = png(before=b"".join([b"\0\x50\0\0zzZz" + bytes(0x500000) + b"\0\0\0\0"]))
T.add("P", "5.2mb-image-rejected", request(text(BIG + bytes(200_000))), {400, 413, 422}, check=found_wrong(), patience=20)
T.add("P", "20mb-in-all-rejected", post_json({**BASE, "reference_images": [text(bytes(5_000_000))] * 4, "image": text(bytes(3_000_000))}), {400, 413, 422}, patience=20)
T.add("P", "five-references", post_json({**BASE, "reference_images": [GOOD] * 5}), BAD_PICTURE)
for field in ("reference_image", "mask"):
    more = {"image": GOOD} if field == "mask" else {}
    T.add("P", f"{field}-right", request(GOOD, field, **more), PICTURE, check=read)
    T.add("P", f"{field}-text", request(text(b"no picture at all"), field, **more), BAD_PICTURE, check=found_wrong(field))
    T.add("M", f"{field}-bomb", request(text(WRONG["bomb-ihdr-50000x50000"]), field, **more), BAD_PICTURE, check=found_wrong(field))
T.add("P", "mask-without-image", request(GOOD, "mask"), BAD_PICTURE)
for name in ("reference_image_mime", "reference_mime_type", "mime_type"):
    T.add("P", f"{name}-agrees", request(GOOD, "reference_image", **{name: "image/png"}), PICTURE, check=read)
    T.add("P", f"{name}-disagrees", request(GOOD, "reference_image", **{name: "image/jpeg"}), BAD_PICTURE,
          check=lambda r: None if issues(r) else "nobody compared it")
T.add("P", "control-image-bomb", post_json({**BASE, "control": {"model": "canny", "image": text(WRONG["bomb-ihdr-50000x50000"])}}), BAD_PICTURE | {404})
T.add("P", "wrong-picture-and-wrong-field-told-at-once", post_json({**BASE, "image": "@@", "steps": 0, "model": MODEL}), {422},
      check=lambda r: None if {i["loc"][1] for i in issues(r)} >= {"image", "steps"} else "not both")
