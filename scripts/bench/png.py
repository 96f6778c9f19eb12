"""8-bit RGB pictures from PNG files, and how alike two are; the standard library alone."""
import math
import struct
import zlib


def read(data):
    """-> width, height, the rows' bytes (R, G, B) one after the other."""
    if data[:8] != b"\x89PNG\r\n\x1a\n":
        raise ValueError("not a PNG")
    place, packed, head = 8, b"", None
    while place < len(data):
        length, kind = struct.unpack_from(">I4s", data, place)
        body = data[place + 8:place + 8 + length]
        if zlib.crc32(kind + body) != struct.unpack_from(">I", data, place + 8 + length)[0]:
            raise ValueError(f"the chunk {kind.decode('latin-1')} is damaged")
        if kind == b"IHDR":
            head = struct.unpack(">IIBBBBB", body)
        elif kind == b"IDAT":
            packed += body
        place += 12 + length
    if head is None or head[2:] != (8, 2, 0, 0, 0):
        raise ValueError("not plain 8-bit RGB")
    return head[0], head[1], unfiltered(zlib.decompress(packed), 3 * head[0], head[1])


def unfiltered(data, stride, height):
    out, above = bytearray(), bytearray(stride)
    for y in range(height):
        kind, row = data[y * (stride + 1)], bytearray(data[y * (stride + 1) + 1:(y + 1) * (stride + 1)])
        if kind == 2:
            row = bytearray((a + b) & 255 for a, b in zip(row, above))
        elif kind == 1 or kind > 2:
            for i in range(stride):
                left, corner = (row[i - 3], above[i - 3]) if i > 2 else (0, 0)
                row[i] = (row[i] + predicted(kind, left, above[i], corner)) & 255
        out += row
        above = row
    return bytes(out)


def predicted(kind, left, up, corner):
    if kind == 1:
        return left
    if kind == 3:
        return (left + up) // 2
    to_left, to_up, to_corner = abs(up - corner), abs(left - corner), abs(left + up - 2 * corner)
    if to_left <= to_up and to_left <= to_corner:
        return left
    return up if to_up <= to_corner else corner


def psnr(a, b):
    """Decibels between two pictures' bytes; infinite for equal ones."""
    error = sum((x - y) * (x - y) for x, y in zip(a, b)) / len(a)
    return 10 * math.log10(255 * 255 / error) if error else math.inf


def spread(pixels):
    """The standard deviation of the bytes."""
    mean = sum(pixels) / len(pixels)
    return math.sqrt(sum(x * x for x in pixels) / len(pixels) - mean * mean)
