"""Makes sample encodings of messages, straight from their schemas and with nothing of the Rust codecs.

Lines of "name version hex". `scripts/generate --against-kafka` has Apache Kafka's own classes read and write them back.
"""

import random
import struct

INTS = {"int8": "b", "int16": "h", "uint16": "H", "int32": "i", "int64": "q", "float64": "d"}
LIMIT = {"int8": 127, "int16": 32767, "uint16": 65535, "int32": 2**31 - 1, "int64": 2**63 - 1}


def uvarint(n):
    out = bytearray()
    while n >= 0x80:
        out.append(n & 0x7F | 0x80)
        n >>= 7
    out.append(n)
    return bytes(out)


def has(range_, version):
    return range_ is not None and range_[0] <= version <= range_[1]


class Sampler:
    """`fill` is the chance that an array has elements and that a nullable or tagged field is there."""

    def __init__(self, message, version, seed, fill):
        self.rng = random.Random(f"{message.name} {version} {seed}")
        self.version, self.fill = version, fill
        self.flexible = has(message.flexible, version)

    def struct(self, s):
        out, tagged = b"", []
        for f in s.fields:
            if not has(f.versions, self.version):
                continue
            if has(f.tagged, self.version):
                if self.rng.random() < self.fill:
                    tagged.append((f.tag, self.value(f, True)))
            else:
                out += self.value(f, False)
        if self.flexible:
            out += uvarint(len(tagged))
            for tag, value in sorted(tagged):
                out += uvarint(tag) + uvarint(len(value)) + value
        return out

    def value(self, f, tagged):
        """A tagged value is never the field's default, for encoders leave that out."""
        null = has(f.nullable, self.version) and not tagged and self.rng.random() > self.fill
        if f.array:
            if null:
                return self.length(None, 4)
            count = self.rng.randint(1, 3) if tagged or self.rng.random() < self.fill else 0
            return self.length(count, 4) + b"".join(self.one(f, tagged) for _ in range(count))
        if f.struct and has(f.nullable, self.version):
            if null:
                return b"\xff"
            return b"\x01" + self.struct(f.struct)
        if null:
            return self.length(None, 2 if f.type == "string" else 4, f.flexible_off)
        return self.one(f, tagged)

    def one(self, f, tagged):
        if f.type in INTS:
            if f.type == "float64":
                return struct.pack(">d", self.rng.random())
            # Small more often than not, and never what any schema has as a default.
            high = self.rng.choice([100, LIMIT[f.type] - 1])
            value = self.rng.choice([v for v in (self.rng.randint(1, high) for _ in range(9)) if str(v) != f.default])
            return struct.pack(">" + INTS[f.type], value)
        if f.type == "bool":
            return bytes([f.default != "true" if tagged else self.rng.randint(0, 1)])
        if f.type == "uuid":
            return self.rng.randbytes(16)
        if f.type in ("string", "bytes", "records"):
            data = bytes(self.rng.choice(b"abcdefghij") for _ in range(self.rng.randint(1, 6)))
            return self.length(len(data), 2 if f.type == "string" else 4, f.flexible_off) + data
        return self.struct(f.struct)

    def length(self, n, width, classic=False):
        if self.flexible and not classic:
            return uvarint(0 if n is None else n + 1)
        return (-1 if n is None else n).to_bytes(width, "big", signed=True)


def lines(messages):
    out = []
    for m in messages:
        for version in range(m.valid[0], m.valid[1] + 1):
            for seed, fill in enumerate((1.0, 0.5, 0.0)):
                line = f"{m.name} {version} {Sampler(m, version, seed, fill).struct(m.root).hex()}"
                if line not in out[-3:]:
                    out.append(line)
    return "\n".join(out) + "\n"
