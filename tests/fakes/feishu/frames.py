"""The long connection's binary frames: protobuf (proto2) message ``Frame``, written out by hand."""

from collections.abc import Iterator
from dataclasses import dataclass

CONTROL, DATA = 0, 1
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame; ``headers`` may repeat a key, the last one counts in ``header``."""

    seq_id: int
    log_id: int
    service: int
    method: int
    headers: tuple[tuple[str, str], ...] = ()
    payload: bytes = b""

    def header(self, key: str) -> str:
        """Its value, "" without one."""
        return dict(self.headers).get(key, "")

    def encode(self) -> bytes:
        """As it goes over the wire."""
        numbers = ((1, self.seq_id), (2, self.log_id), (3, self.service), (4, self.method))
        parts = [_number(tag, value) for tag, value in numbers]
        parts += [
            _string(5, _string(1, key.encode()) + _string(2, value.encode()))
            for key, value in self.headers
        ]
        parts += [_string(8, self.payload)] if self.payload else []
        return b"".join(parts)


def decode(raw: bytes) -> Frame:
    """Raises ``ValueError`` for what is no frame, such as one without its required numbers."""
    numbers: dict[int, int] = {}
    headers: list[tuple[str, str]] = []
    payload = b""
    for tag, value in _fields(raw):
        if isinstance(value, int):
            numbers[tag] = value
        elif tag == 5:
            pair = {key: text for key, text in _fields(value) if isinstance(text, bytes)}
            headers.append((pair[1].decode(), pair[2].decode()))
        elif tag == 8:
            payload = value
    if not {1, 2, 3, 4} <= numbers.keys():
        raise ValueError("a required number is missing")
    service, method = _signed(numbers[3]), _signed(numbers[4])
    return Frame(numbers[1], numbers[2], service, method, tuple(headers), payload)


def _signed(value: int) -> int:
    return value - (1 << 64) if value >> 63 else value


def _fields(raw: bytes) -> Iterator[tuple[int, int | bytes]]:
    at = 0
    while at < len(raw):
        key, at = _varint(raw, at)
        kind = key & 7
        if kind == _VARINT:
            value, at = _varint(raw, at)
            yield key >> 3, value
            continue
        size, at = _size(raw, at, kind)
        if at + size > len(raw):
            raise ValueError("the frame is cut")
        yield key >> 3, raw[at : at + size]
        at += size


def _size(raw: bytes, at: int, kind: int) -> tuple[int, int]:
    if kind == _BYTES:
        return _varint(raw, at)
    if kind in {_FIXED64, _FIXED32}:
        return (8 if kind == _FIXED64 else 4), at
    raise ValueError("unknown wire type")


def _varint(raw: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(raw):
        byte = raw[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
    raise ValueError("the frame is cut")


def _number(tag: int, value: int) -> bytes:
    return _encoded(tag << 3 | _VARINT) + _encoded(value)


def _string(tag: int, value: bytes) -> bytes:
    return _encoded(tag << 3 | _BYTES) + _encoded(len(value)) + value


def _encoded(value: int) -> bytes:
    value &= (1 << 64) - 1  # negative numbers take ten bytes
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
