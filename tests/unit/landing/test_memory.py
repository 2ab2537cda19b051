"""The tolerant path streams: its memory does not grow with the file (design invariant 7)."""

import subprocess
import sys
from pathlib import Path

import pytest

# A process of its own reads a file that is made while it is read, and says how much memory it
# took at a twentieth of the file and at its end; both in MB.
CODE = """
import io, sys, tempfile
from pathlib import Path
from loyalty_lens.datasets import load_data_sets
from loyalty_lens.landing.header import read_layout
from loyalty_lens.landing.rows import TextRows

NAME = b"a name of some length, " * 12
HEADER = b"store_id,store_name,store_city\\n"
BLOCK = (
    (b'S1,"' + NAME + b'",Oslo\\n') * 40
    + b"S2," + NAME.replace(b",", b"") + b"\\n"
    + b'S3,5" pipe ' + NAME.replace(b",", b"") + b",Oslo\\n"
    + b'S4,"two\\nlines",Oslo\\n'
    + b'S5,"' + NAME + b'",too,many\\n'
    + b"S6,Caf\\xe9,Oslo\\n"
)


class Growing(io.RawIOBase):
    def __init__(self, size):
        self.left, self.rest = size, HEADER

    def readable(self):
        return True

    def readinto(self, buffer):
        if not self.rest and self.left > 0:
            self.rest = BLOCK * 20
            self.left -= len(self.rest)
        count = min(len(buffer), len(self.rest))
        buffer[:count], self.rest = self.rest[:count], self.rest[count:]
        return count


def peak(size):
    stream = io.BufferedReader(Growing(size), 1 << 18)
    with tempfile.SpooledTemporaryFile(8 << 20) as malformed:
        rows = TextRows(stream, layout, 7, malformed)
        while rows.read(1 << 18):
            pass
    assert rows.malformed and rows.short and rows.windows_1252
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


layout = read_layout(HEADER + BLOCK, load_data_sets()["stores"])
size = int(sys.argv[1])
print(peak(size // 20), peak(size))
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads /proc")
@pytest.mark.parametrize("megabytes", [40, pytest.param(2048, marks=pytest.mark.full)])
def test_the_tolerant_reader_takes_no_more_memory_for_a_larger_file(megabytes: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CODE, str(megabytes << 20)],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    small, large = map(float, done.stdout.split())
    assert large - small < 12  # MB; 8 of them are what malformed lines may take before they spill
