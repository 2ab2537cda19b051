"""Databases of a benchmark's server, made and removed."""

from contextlib import closing

from loyalty_lens.warehouse.connection import connect
from loyalty_lens.warehouse.server import ServerInfo


def make(info: ServerInfo, name: str) -> str:
    """A new and empty database, instead of one of that name; its URL."""
    drop(info, name)
    _execute(info, f"create database {name}")
    return info.url(name)


def drop(info: ServerInfo, name: str) -> None:
    """Away with it, whoever is connected."""
    _execute(info, f"drop database if exists {name} with (force)")


def _execute(info: ServerInfo, statement: str) -> None:
    with closing(connect(info.url("postgres"), autocommit=True)) as connection:
        connection.cursor().execute(statement)
