"""Protobuf's wire format as lists, enough to read, change and write ONNX models without a schema.

A message is a list of [field number, wire type, value]: an int for types 0, 1 and 5 (raw bits), bytes for type 2.
"""


def varint(value):
    value &= (1 << 64) - 1
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def read_varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7


def parse(data):
    at, fields = 0, []
    while at < len(data):
        key, at = read_varint(data, at)
        number, kind = key >> 3, key & 7
        if kind == 0:
            value, at = read_varint(data, at)
        elif kind in (1, 5):
            size = 8 if kind == 1 else 4
            value, at = int.from_bytes(data[at:at + size], "little"), at + size
        elif kind == 2:
            size, at = read_varint(data, at)
            value, at = bytes(data[at:at + size]), at + size
        else:
            raise ValueError(f"wire type {kind}")
        fields.append([number, kind, value])
    return fields


def serialize(fields):
    out = bytearray()
    for number, kind, value in fields:
        out += varint(number << 3 | kind)
        if kind == 0:
            out += varint(value)
        elif kind in (1, 5):
            out += (value & (1 << (64 if kind == 1 else 32)) - 1).to_bytes(8 if kind == 1 else 4, "little")
        else:
            out += varint(len(value)) + value
    return bytes(out)


def packed(data):
    """The values of a packed list of varints."""
    at, values = 0, []
    while at < len(data):
        value, at = read_varint(data, at)
        values.append(value)
    return values
