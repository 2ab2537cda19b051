"""Random shops: what each delivers, in which steps, with which defects. Small, many at a time.

Every key begins with the shop's own letters, so that a hundred shops live in one warehouse without
meeting one another.
"""

import gzip
import random
from dataclasses import dataclass, field
from pathlib import Path

HEADER = ("transaction_id", "customer_id", "store_id", "transaction_date", "total_amount")
LINE = ("line_item_id", "transaction_id", "product_id", "quantity", "line_item_amount")
COLUMNS = {"store_sales_header": HEADER, "store_sales_line_items": LINE}

DATES = ("2026-01-05", "05/01/2026", "05-01-2026 00:00", "2026/01/06 10:30:00")
BAD_DATES = ("", "someday", "31/02/2026", "1980-01-01", "2099-01-01")
AMOUNTS = ("10", "10.00", "7.5", "1,234.50", "0")
BAD_AMOUNTS = ("", "abc", "-5")
QUANTITIES = ("1", "1.0", "2")
BAD_QUANTITIES = ("", "0", "-1", "two")
NO_RECORDS = ("{0}{0}{0}{0}{0}{0}", 'a{0}"b', "nul\0{0}")

Row = tuple[str, ...]


@dataclass
class Shop:
    """`steps`: per step the files to put into the landing folder, by path."""

    name: str
    has_conflicts: bool  # keys that come again with other content: then the order matters
    steps: list[dict[str, bytes]] = field(default_factory=list)


def shop(seed: int, steps: int, rows: int) -> Shop:
    """The same numbers give the same shop for ever."""
    chance = random.Random(seed)  # noqa: S311
    made = Shop(f"k{seed:x}z", has_conflicts=chance.random() < 0.3)
    maker = _Maker(chance, made, rows)
    for step in range(steps):
        made.steps.append(maker.step(step))
    return made


class _Maker:
    def __init__(self, chance: random.Random, made: Shop, rows: int) -> None:
        self.chance = chance
        self.shop = made
        self.size = rows
        self.written: dict[str, list[Row]] = {name: [] for name in COLUMNS}
        self.dated: dict[str, tuple[str, list[Row]]] = {}
        self.files: dict[str, bytes] = {}
        self.customers = [f"{made.name}C{number}" for number in range(4)]
        self.numbers = 0

    def step(self, number: int) -> dict[str, bytes]:
        files: dict[str, bytes] = {}
        # With conflicts the winner would depend on when a customer came: then all come at once.
        known = self.customers[:3] if number == 0 or self.shop.has_conflicts else self.customers[:4]
        if number == 0 or self.chance.random() < 0.5:
            count = 3 if self.shop.has_conflicts or number else self.chance.randint(1, 3)
            text = "customer_id,first_name\n" + "".join(f"{c},Ann\n" for c in known[:count])
            files[f"{self.shop.name}/customer_details_{number}.csv"] = text.encode()
        for data_set in COLUMNS:
            for _ in range(self.chance.randint(0, 2)):
                path, content = self._file(data_set, number)
                files.setdefault(path, content)
        if self.files and self.chance.random() < 0.3:  # a copy under another name
            self.numbers += 1
            path, content = self.chance.choice(sorted(self.files.items()))
            data_set = next(name for name in COLUMNS if name in path)
            files[f"{self.shop.name}/again/{data_set}_{self.numbers}.csv"] = content
        plain = {path: content for path, content in files.items() if "customer_details" not in path}
        self.files |= plain
        return {
            path + (".gz" if is_compressed else ""): (
                gzip.compress(content, mtime=0) if is_compressed else content
            )
            for path, content in files.items()
            for is_compressed in (path in plain and self.chance.random() < 0.15,)
        }

    def _file(self, data_set: str, step: int) -> tuple[str, bytes]:
        """A new file, or one that corrects a dated file."""
        chance = self.chance
        mine = [path for path, (name, _) in self.dated.items() if name == data_set]
        if mine and chance.random() < 0.5:
            path = chance.choice(mine)
            rows = [row for row in self.dated[path][1] if chance.random() < 0.7]
            rows += self._rows(data_set, chance.randint(0, 2))
        else:
            self.numbers += 1
            is_dated = chance.random() < 0.6
            day = f"2026-01-{self.numbers % 20 + 6:02d}/" if is_dated else ""
            path = f"{self.shop.name}/{day}{data_set}_{self.numbers}.csv"
            rows = self._rows(data_set, chance.randint(1, self.size))
            if not is_dated:
                path = path.replace(".csv", "_undated.csv")
        if "undated" not in path:
            self.dated[path] = (data_set, rows)
        return path, self._written(data_set, rows)

    def _rows(self, data_set: str, count: int) -> list[Row]:
        chance, earlier = self.chance, self.written[data_set]
        rows: list[Row] = []
        for _ in range(count):
            if earlier and chance.random() < 0.2:
                rows.append(self._repeated(data_set, chance.choice(earlier)))
                continue
            row = self._header() if data_set == "store_sales_header" else self._line()
            rows.append(row)
            earlier.append(row)
        return rows

    def _repeated(self, data_set: str, row: Row) -> Row:
        """Equal after cleaning; or, in a shop with conflicts, now and then not."""
        if self.shop.has_conflicts and self.chance.random() < 0.5:
            return (*row[:-1], f"{self.chance.randint(20, 99)}")
        return tuple(f" {value} " if self.chance.random() < 0.3 else value for value in row)

    def _header(self) -> Row:
        self.numbers += 1
        name = self.shop.name
        return (
            self._or(f"{name}T{self.numbers}", ("",), 0.05),
            self._or(self.chance.choice([*self.customers[:3], ""]), (f"{name}X",), 0.1),
            self._or("S1", ("", "SX"), 0.08),
            self._or(self.chance.choice(DATES), BAD_DATES, 0.12),
            self._or(self.chance.choice(AMOUNTS), BAD_AMOUNTS, 0.12),
        )

    def _line(self) -> Row:
        self.numbers += 1
        headers = [row[0] for row in self.written["store_sales_header"] if row[0].strip()]
        missing = f"{self.shop.name}T{self.numbers + self.chance.randint(1, 6)}"
        transaction = self.chance.choice(headers) if headers else missing
        return (
            self._or(f"{self.shop.name}L{self.numbers}", ("",), 0.05),
            self._or(transaction, (missing, ""), 0.15),
            self._or("P1", ("", "PX"), 0.08),
            self._or(self.chance.choice(QUANTITIES), BAD_QUANTITIES, 0.12),
            self._or(self.chance.choice(AMOUNTS), BAD_AMOUNTS, 0.12),
        )

    def _or(self, good: str, bad: tuple[str, ...], share: float) -> str:
        return self.chance.choice(bad) if self.chance.random() < share else good

    def _written(self, data_set: str, rows: list[Row]) -> bytes:
        chance = self.chance
        separator = chance.choice((",", ",", ";", "\t", "|"))
        places = list(range(len(COLUMNS[data_set])))
        chance.shuffle(places)
        lines = [
            separator.join(_quoted(row[place], separator) for place in places)
            for row in (COLUMNS[data_set], *rows)
        ]
        if chance.random() < 0.2:
            lines.insert(chance.randint(1, len(lines)), chance.choice(NO_RECORDS).format(separator))
        if chance.random() < 0.2:
            lines.insert(chance.randint(1, len(lines)), "")
        ending = chance.choice(("\n", "\r\n"))
        mark = chance.choice(("", "", "\ufeff"))
        return (mark + ending.join(lines) + ending).encode()


def _quoted(value: str, separator: str) -> str:
    return f'"{value}"' if separator in value else value


def put(files: dict[str, bytes], landing: Path) -> None:
    """Writes the files; of a path, plain and compressed, only the newest stays."""
    for path, content in files.items():
        location = landing / path
        location.parent.mkdir(parents=True, exist_ok=True)
        other = path.removesuffix(".gz") if path.endswith(".gz") else f"{path}.gz"
        (landing / other).unlink(missing_ok=True)
        location.write_bytes(content)
