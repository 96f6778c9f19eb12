"""Pictures, right and wrong, made here byte by byte."""

import base64
import struct
import zlib

from embedded import GIF_ANIMATED, JPEG, WEBP_LOSSLESS

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def chunk(kind, data, length=None, crc=None):
    check = zlib.crc32(kind + data) if crc is None else crc
    return struct.pack(">I", len(data) if length is None else length) + kind + data + struct.pack(">I", check)


def ihdr(width=8, height=8, depth=8, colour=2, compression=0, filtering=0, interlace=0):
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, compression, filtering, interlace))


def rows(width, height, bits):
    """Filter 0 and zeros: the plainest picture."""
    return (b"\0" + bytes((width * bits + 7) // 8)) * height


CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
END = chunk(b"IEND", b"")


def png(width=8, height=8, depth=8, colour=2, interlace=0, before=b"", after=b"", data=None, header=None, end=END):
    raw = rows(width, height, depth * CHANNELS.get(colour, 3)) if data is None else data
    head = ihdr(width, height, depth, colour, interlace=interlace) if header is None else header
    return SIGNATURE + head + before + chunk(b"IDAT", zlib.compress(raw)) + after + end


def palette(entries):
    return chunk(b"PLTE", bytes(3 * entries))


def exif(orientation=6, offset=8):
    ifd = struct.pack("<HHHII", 1, 0x0112, 3, 1, orientation) + bytes(4)
    body = b"Exif\0\0II*\0" + struct.pack("<I", offset) + ifd
    return b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body


def with_segment(jpeg, segment):
    return jpeg[:2] + segment + jpeg[2:]


def with_size(jpeg, width, height):
    """The same file with another size in its frame header."""
    at = next(i for i in range(len(jpeg)) if jpeg[i] == 0xFF and jpeg[i + 1] in (0xC0, 0xC2))
    return jpeg[: at + 5] + struct.pack(">HH", height, width) + jpeg[at + 9 :]


def adam7(size):
    passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    return b"".join(rows(-(-(size - x) // dx), -(-(size - y) // dy), 24) for x, y, dx, dy in passes if size > x and size > y)


def bomb(width, height):
    """A file whose header says more than its few bytes hold."""
    return SIGNATURE + ihdr(width, height) + chunk(b"IDAT", zlib.compress(bytes(64))) + END


def text(data):
    return base64.b64encode(data).decode()


def bmp():
    return b"BM" + struct.pack("<IHHI", 54 + 12, 0, 0, 54) + struct.pack("<IiiHHIIiiII", 40, 2, 2, 1, 24, 0, 12, 0, 0, 0, 0) + bytes(12)


RIGHT = {
    "png": png(), "png-grey": png(colour=0), "png-gray-alpha": png(colour=4), "png-rgba": png(colour=6), "png-1bit": png(depth=1, colour=0),
    "png-2bit": png(depth=2, colour=0), "png-4bit": png(depth=4, colour=0), "png-16bit": png(depth=16), "png-16bit-alpha": png(depth=16, colour=6),
    "png-16bit-grey": png(depth=16, colour=0), "png-palette": png(colour=3, before=palette(256)), "png-palette-1bit": png(depth=1, colour=3, before=palette(2)),
    "png-palette-trns": png(colour=3, before=palette(4) + chunk(b"tRNS", bytes(4))), "png-interlaced": png(interlace=1, data=adam7(8)), "png-1x1": png(1, 1),
    "png-text-chunk": png(before=chunk(b"tEXt", b"parameters\0x")), "png-unknown-chunk": png(before=chunk(b"zzZz", b"x" * 100)), "png-split-idat": SIGNATURE + ihdr() + b"".join(
        chunk(b"IDAT", bytes([b])) for b in zlib.compress(rows(8, 8, 24))) + END, "png-trailing-bytes": png() + b"tail",
}
WRONG = {
    "png-signature-only": SIGNATURE, "png-truncated-half": png()[:35], "png-no-idat": SIGNATURE + ihdr() + END, "png-idat-too-short": png(data=rows(8, 3, 24)),
    "png-idat-not-zlib": SIGNATURE + ihdr() + chunk(b"IDAT", b"not zlib at all") + END, "png-idat-empty": SIGNATURE + ihdr() + chunk(b"IDAT", b"") + END,
    "png-zero-width": png(header=ihdr(0, 8)), "png-zero-height": png(header=ihdr(8, 0)), "png-depth-3": png(header=ihdr(depth=3)), "png-depth-32": png(header=ihdr(depth=32)),
    "png-colortype-9": png(header=ihdr(colour=9)), "png-colortype-1": png(header=ihdr(colour=1)), "png-rgb-depth-4": png(header=ihdr(depth=4)),
    "png-palette-missing-plte": png(colour=3), "png-palette-257": png(colour=3, before=palette(257)), "png-palette-not-3": png(colour=3, before=chunk(b"PLTE", bytes(4))),
    "png-interlace-2": png(header=ihdr(interlace=2)), "png-compression-1": png(header=ihdr(compression=1)), "png-filter-method-1": png(header=ihdr(filtering=1)),
    "png-filter-type-9": png(data=(b"\x09" + bytes(24)) * 8), "png-chunk-length-4g": SIGNATURE + ihdr() + chunk(b"IDAT", zlib.compress(rows(8, 8, 24)), length=0xFFFFFFFF) + END,
    "png-chunk-length-2g": SIGNATURE + ihdr() + chunk(b"IDAT", zlib.compress(rows(8, 8, 24)), length=0x7FFFFFFF) + END, "png-ihdr-crc": SIGNATURE + ihdr()[:-1] + b"\0" + png()[33:],
    "png-two-ihdr": png(before=ihdr()), "png-ihdr-second": SIGNATURE + chunk(b"tEXt", b"a\0b") + png()[8:], "png-ihdr-12-bytes": SIGNATURE + chunk(b"IHDR", bytes(12)) + png()[33:],
    "bomb-ihdr-50000x50000": bomb(50000, 50000), "bomb-ihdr-2g-x-2g": bomb(0x7FFFFFFF, 0x7FFFFFFF), "bomb-ihdr-4g": bomb(0xFFFFFFFF, 0xFFFFFFFF), "bomb-8193-wide": bomb(8193, 1),
    "bomb-8193-high": bomb(1, 8193), "bomb-16-megapixels": bomb(4097, 4096), "jpeg-soi-only": b"\xff\xd8", "jpeg-soi-eoi": b"\xff\xd8\xff\xd9", "jpeg-truncated": JPEG[: len(JPEG) // 2],
    "jpeg-prog-65500x65500": with_size(JPEG, 65500, 65500), "jpeg-zero-dims": with_size(JPEG, 0, 0), "jpeg-zero-width": with_size(JPEG, 0, 8), "jpeg-8193": with_size(JPEG, 8193, 8),
    "jpeg-segment-length-0": b"\xff\xd8\xff\xe0\x00\x00" + bytes(40), "jpeg-segment-length-1": b"\xff\xd8\xff\xe0\x00\x01" + bytes(40), "jpeg-only-markers": b"\xff\xd8" + b"\xff" * 1000,
    "jpeg-no-frame": JPEG[:20] + b"\xff\xd9", "webp-truncated": WEBP_LOSSLESS[:20], "webp-riff-only": b"RIFF\x0c\0\0\0WEBPVP8L", "webp-wrong-size": b"RIFF\xff\xff\xff\xff" + WEBP_LOSSLESS[8:],
    "webp-unknown-chunk-only": b"RIFF\x14\0\0\0WEBPABCD\x08\0\0\0" + bytes(8), "not-image-text": b"This is not a picture, whatever it says.", "html": b"<html><script>alert(1)</script></html>",
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>', "pdf": b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n", "postscript": b"%!PS-Adobe-3.0\n(/etc/passwd) (r) file\n",
    "gif-animated": GIF_ANIMATED, "bmp": bmp(), "tiff": b"II*\0\x08\0\0\0\x01\0\x00\x01\x04\0\x01\0\0\0\x08\0\0\0\0\0\0\0", "pickle": b"\x80\x04\x95\x0b\0\0\0\0\0\0\0\x8c\x05posix\x94.",
    "mp4-ftyp": b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom", "jp2": b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(40), "avif": b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf", "heic": b"\0\0\0\x18ftypheic\0\0\0\0heicmif1",
    "ico": b"\0\0\x01\0\x01\0\x10\x10\0\0\x01\0\x20\0", "psd": b"8BPS\0\x01" + bytes(20), "zip": b"PK\x03\x04" + bytes(30), "elf": b"\x7fELF\x02\x01\x01" + bytes(50), "one-byte": b"\0", "nul-1k": bytes(1024),
    "safetensors": b"\x02\0\0\0\0\0\0\0{}", "mvg": b"push graphic-context\nviewbox 0 0 1 1\nimage over 0,0 0,0 'url(http://127.0.0.1)'\n", "xcf": b"gimp xcf v011\0", "ppm": b"P6\n1 1\n255\n\0\0\0",
}
# These may be read or refused; which is up to the decoder.
EITHER = {
    "png-apng": png(before=chunk(b"acTL", struct.pack(">II", 2, 0))), "png-no-iend": png(end=b""), "png-idat-too-long": png(data=rows(8, 20, 24)),
    "png-palette-index-out-of-range": png(depth=8, colour=3, before=palette(2), data=(b"\0" + b"\xff" * 8) * 8), "png-bad-ancillary-crc": png(before=chunk(b"tEXt", b"a\0b", crc=1)),
    "png-bad-idat-crc": SIGNATURE + ihdr() + chunk(b"IDAT", zlib.compress(rows(8, 8, 24)), crc=1) + END,
    "bomb-iccp-64m": png(before=chunk(b"iCCP", b"x\0\0" + zlib.compress(bytes(64 << 20), 9))), "bomb-ztxt-64m": png(before=chunk(b"zTXt", b"x\0\0" + zlib.compress(bytes(64 << 20), 9))),
    "png-20000-text-chunks": png(before=chunk(b"tEXt", b"a\0b") * 20000), "png-gama-zero": png(before=chunk(b"gAMA", bytes(4))), "png-srgb-9": png(before=chunk(b"sRGB", b"\x09")),
    "jpeg-exif-offset-wild": with_segment(JPEG, exif(offset=0x7FFFFFF0)), "jpeg-exif-orientation-99": with_segment(JPEG, exif(orientation=99)),
    "jpeg-exif-empty": with_segment(JPEG, b"\xff\xe1\x00\x08Exif\0\0"), "jpeg-exif-to-itself": with_segment(JPEG, exif(offset=0)), "jpeg-1000-comments": JPEG[:2] + b"\xff\xfe\x00\x04ab" * 1000 + JPEG[2:],
    "jpeg-trailing-bytes": JPEG + b"tail" * 100, "jpeg-no-eoi": JPEG[:-2],
}
