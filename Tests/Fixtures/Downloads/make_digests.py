"""Writes digests.txt: lengths around the edges of SHA-256's block and of the read buffer, with the digest
of that many bytes of the pattern byte[i] = (31 * i + 7) mod 256, as Python's hashlib gives it."""
import hashlib
import pathlib

MIB = 1 << 20
lengths = [0, 1, 55, 56, 63, 64, 65, 1000, MIB - 1, MIB, MIB + 1, 3 * MIB + 17]
lines = []
for length in lengths:
    data = bytes((31 * i + 7) % 256 for i in range(length))
    lines.append(f"{length} {hashlib.sha256(data).hexdigest()}\n")
(pathlib.Path(__file__).parent / "digests.txt").write_text("".join(lines))
