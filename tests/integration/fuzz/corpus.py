"""Damaged files: a sound file of one of the data sets, then one to four mutations of its bytes."""

import gzip
import random
from collections.abc import Callable
from dataclasses import dataclass

from loyalty_lens.datasets import Column, DataSet, load_data_sets

ODD_BYTES = (
    b"\0",
    b"\x81",
    b"\xe9",
    b"\xc3\xa9",
    b"\x1a",
    b"\xff",
    b"\xed\xa0\x80",
    b"\\",
    b"\x0b",
)
ENDINGS = (b"\n", b"\r\n")
WORDS = ("Ann", "Zoë", "O'Neil", 'he said ""no""', "a, b; c", "", " spaced ", "NULL", "5 pipes")
LONG = 1 << 16


@dataclass(frozen=True)
class Damaged:
    """A file of the corpus; the same number gives the same file for ever."""

    number: int
    data_set: str
    mutations: tuple[str, ...]
    content: bytes
    delivered: bytes  # the content, compressed or not
    is_compressed: bool
    is_torn: bool  # compressed, and its end is missing

    @property
    def path(self) -> str:
        return f"f{self.number:05d}/{self.data_set}.csv" + (".gz" if self.is_compressed else "")


def damaged(number: int) -> Damaged:
    """File `number` of the corpus."""
    chance = random.Random(number)  # noqa: S311
    data_set = chance.choice(list(load_data_sets().values()))
    content = _sound(chance, data_set, number)
    weights = [1 if name in FATAL else 4 for name in MUTATIONS]
    names = chance.choices(list(MUTATIONS), weights, k=chance.choice((1, 1, 1, 2, 2, 3, 4)))
    for name in names:
        content = MUTATIONS[name](chance, content)
    is_compressed = chance.random() < 0.1
    delivered = gzip.compress(content, mtime=0) if is_compressed else content
    is_torn = is_compressed and chance.random() < 0.2
    if is_torn:
        delivered = delivered[: chance.randint(0, len(delivered) - 1)]
    return Damaged(number, data_set.name, tuple(names), content, delivered, is_compressed, is_torn)


def _sound(chance: random.Random, data_set: DataSet, number: int) -> bytes:
    separator = chance.choice((",", ",", ",", ";", "\t", "|"))
    columns = [column for column in data_set.columns if column.required or chance.random() < 0.5]
    chance.shuffle(columns)
    extra = [f"own_{place}" for place in range(chance.choice((0, 0, 0, 1, 2)))]
    rows = [[column.name for column in columns] + extra]
    for row in range(chance.randint(1, 12)):
        rows.append(
            [_value(chance, column, f"{number}r{row}") for column in columns]
            + [chance.choice(WORDS) for _ in extra]
        )
    ending = chance.choice(ENDINGS).decode()
    lines = [separator.join(_quoted(chance, value, separator) for value in row) for row in rows]
    return (ending.join(lines) + chance.choice((ending, ""))).encode()


def _value(chance: random.Random, column: Column, key: str) -> str:
    values = {
        "id": lambda: f"{column.name[:2]}{key}",
        "number": lambda: f"{chance.randint(1, 9999) / 100}",
        "integer": lambda: str(chance.randint(0, 500)),
        "date": lambda: f"2026-01-{chance.randint(1, 28):02d}",
        "timestamp": lambda: f"2026-01-{chance.randint(1, 28):02d} 10:00:00",
        "boolean": lambda: chance.choice(("yes", "no")),
    }
    return values.get(column.type, lambda: chance.choice(WORDS))()


def _quoted(chance: random.Random, value: str, separator: str) -> str:
    must = separator in value or '"' in value
    value = value if '""' in value else value.replace('"', '""')
    if must or chance.random() < 0.1:
        broken = "\n" if chance.random() < 0.05 else ""
        return f'"{value}{broken}"'
    return value


def _spot(chance: random.Random, content: bytes) -> int:
    """A place in the file; one time in twelve in its first line."""
    end = content.find(b"\n") + 1
    if chance.random() < 1 / 12:
        return chance.randint(0, end)
    return chance.randint(end, len(content))


def _insert(*pieces: bytes) -> Callable[[random.Random, bytes], bytes]:
    def mutation(chance: random.Random, content: bytes) -> bytes:
        at = _spot(chance, content)
        return content[:at] + chance.choice(pieces) + content[at:]

    return mutation


def _flip(chance: random.Random, content: bytes) -> bytes:
    changed = bytearray(content)
    for _ in range(chance.randint(1, 3) if content else 0):
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def _on_a_line(
    change: Callable[[random.Random, bytes], bytes], *, in_header: bool = False
) -> Callable[[random.Random, bytes], bytes]:
    def mutation(chance: random.Random, content: bytes) -> bytes:
        lines = content.split(b"\n")
        at = 0 if in_header else chance.randint(min(1, len(lines) - 1), len(lines) - 1)
        lines[at] = change(chance, lines[at])
        return b"\n".join(lines)

    return mutation


def _without_a_field(chance: random.Random, line: bytes) -> bytes:
    fields = line.split(b",")
    fields.pop(chance.randrange(len(fields)))
    return b",".join(fields)


def _column_twice(chance: random.Random, line: bytes) -> bytes:
    return chance.choice(line.strip().split(b",")) + b"," + line


def _cut(chance: random.Random, content: bytes) -> bytes:
    return content[: _spot(chance, content)]


def _piece_again(chance: random.Random, content: bytes) -> bytes:
    start = _spot(chance, content)
    return content + content[start : start + chance.randint(1, 200)]


def _huge(chance: random.Random, content: bytes) -> bytes:
    size = chance.choice((3000, 9000, LONG - 1, LONG, LONG + 1, 2 * LONG))
    piece = chance.choice((b"x", b"\xc3\xa9", b'""', b"ab\n", b"7", b" ")) * size
    at = _spot(chance, content)
    quote = chance.choice((b"", b'"'))
    return content[:at] + quote + piece[:size] + quote + content[at:]


def _long_line(chance: random.Random, content: bytes) -> bytes:
    at = _spot(chance, content)
    if chance.random() < 0.8:  # most of the corpus stays small
        return content[:at] + b"y" * chance.randint(500, 5000) + content[at:]
    return content[:at] + b"y" * ((1 << 20) + chance.randint(-200, 300_000)) + content[at:]


MUTATIONS: dict[str, Callable[[random.Random, bytes], bytes]] = {
    "bits flipped": _flip,
    "quote": _insert(b'"'),
    "two quotes": _insert(b'""', b'" "', b'","', b'"\n"'),
    "quote lost": lambda chance, content: content.replace(b'"', b"", 1),
    "separator": _insert(b",", b";", b"\t", b"|", b",,,"),
    "other separator": _on_a_line(lambda chance, line: line.replace(b",", b";")),
    "line break": _insert(b"\n", b"\r\n", b"\r"),
    "carriage returns alone": lambda chance, content: content.replace(b"\r\n", b"\n").replace(
        b"\n", b"\r"
    ),
    "mixed line ends": lambda chance, content: content.replace(b"\n", b"\r\n", 2),
    "truncated": _cut,
    "piece again": _piece_again,
    "odd byte": _insert(*ODD_BYTES),
    "windows-1252": lambda chance, content: content.decode("utf-8", "replace").encode(
        "windows-1252", "replace"
    ),
    "utf-16": lambda chance, content: content.decode("utf-8", "replace").encode("utf-16"),
    "byte order mark": lambda chance, content: b"\xef\xbb\xbf" + content,
    "byte order mark inside": _insert(b"\xef\xbb\xbf"),
    "blank lines": _insert(b"\n\n", b"\n  \n", b"\r\n\r\n", b"\n,,,\n"),
    "blank lines first": lambda chance, content: (
        chance.choice((b"\n", b"\r\n \n", b";;\n")) + content
    ),
    "end of data": _insert(b"\n\\.\n", b"\\.", b"\n\\.\r\n"),
    "end of file mark": lambda chance, content: content + b"\x1a",
    "huge field": _huge,
    "long line": _long_line,
    "field lost": _on_a_line(_without_a_field),
    "column lost": _on_a_line(_without_a_field, in_header=True),
    "column twice": _on_a_line(_column_twice, in_header=True),
    "header lost": lambda chance, content: content.partition(b"\n")[2],
    "header in capitals": _on_a_line(
        lambda chance, line: line.upper().replace(b"_", b" "), in_header=True
    ),
    "header quoted": _on_a_line(
        lambda chance, line: b'"' + line.strip().replace(b",", b'","') + b'"', in_header=True
    ),
    "line again": _on_a_line(lambda chance, line: line + b"\n" + line),
    "backslashes": _insert(b"\\", b"\\N", b"\\n", b"\\t", b"\\\\"),
    "emptied": lambda chance, content: chance.choice((b"", b"\n", b"\xef\xbb\xbf", b" ")),
}
# Mostly the end of the whole file: fewer of these, so that the others are seen.
FATAL = {
    *("utf-16", "column lost", "column twice", "header lost", "emptied"),
    *("carriage returns alone", "long line", "header quoted"),
}
