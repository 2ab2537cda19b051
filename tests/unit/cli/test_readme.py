"""The README names every command."""

import re
from collections.abc import Iterator
from pathlib import Path

import click

from loyalty_lens.cli.main import lens

README = Path(__file__).parents[3] / "README.md"


def names(group: click.Group, prefix: str) -> Iterator[str]:
    """Full names of the commands of a group and of the groups in it."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from names(command, f"{prefix} {name}")
        else:
            yield f"{prefix} {name}"


def test_the_table_of_commands_names_every_command() -> None:
    rows = re.findall(r"^\| (`lens .*?) \| \S", README.read_text("utf-8"), re.MULTILINE)
    told = set()
    for row in rows:
        group = "lens"
        for text in re.findall(r"`([^`]+)`", row):
            words = re.sub(r"\\\||[\[\]]", " ", text).split()
            if words[0] != "lens":  # `lens rejects list`, `export`, ...
                words = [*group.split(), *words]
            group = " ".join(words[:2])
            told |= {" ".join(words[:2]), " ".join(words[:3])}
    assert sorted(set(names(lens, "lens")) - told) == []
