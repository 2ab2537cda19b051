"""The three ports on this machine: what they are for, and whether they are free."""

import socket
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Port:
    """A port that docker-compose.yml publishes on loopback."""

    name: str  # the variable
    default: int
    service: str
    inside: int  # the port in the container


PORTS = (
    Port("AIRFLOW_PORT", 8080, "airflow-api-server", 8080),
    Port("METABASE_PORT", 3000, "metabase", 3000),
    Port("WAREHOUSE_PORT", 55432, "warehouse", 5432),
)
HOST = "127.0.0.1"


def number(port: Port, values: Mapping[str, str]) -> int:
    """The port's number in these settings; raises ValueError where it is none."""
    text = values.get(port.name, str(port.default))
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise ValueError(f"{port.name} is {text!r}: use a number from 1 to 65535")
    return int(text)


def problems(values: Mapping[str, str], compose: list[str]) -> list[str]:
    """One line for each port that cannot be used; those of our own containers are fine."""
    found = []
    users: dict[int, list[Port]] = {}
    for port in PORTS:
        try:
            users.setdefault(number(port, values), []).append(port)
        except ValueError as error:
            found.append(str(error))
    for wanted, (port, *others) in users.items():
        if others:
            names = " and ".join(each.name for each in (port, *others))
            found.append(f"port {wanted} is both {names}: change one in .env")
        elif is_taken(wanted) and not _is_ours(port, wanted, compose):
            found.append(
                f"port {wanted} ({port.name}) is taken by another program;"
                f" set {port.name} in .env to a free one"
            )
    return found


def is_taken(wanted: int) -> bool:
    """Whether somebody listens there, or it may not be used for another reason."""
    with socket.socket() as client:
        client.settimeout(2)
        if client.connect_ex((HOST, wanted)) == 0:
            return True
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a closed one may linger
        try:
            server.bind((HOST, wanted))
        except PermissionError:  # below 1024, where docker itself may listen
            return False
        except OSError:
            return True
    return False


def _is_ours(port: Port, wanted: int, compose: list[str]) -> bool:
    done = subprocess.run(
        [*compose, "port", port.service, str(port.inside)],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode == 0 and done.stdout.strip().endswith(f":{wanted}")
