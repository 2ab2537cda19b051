"""A landing folder behind a URL: a stand-in for S3 on loopback, and fsspec's memory."""

import gzip
import http.server
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import fsspec  # type: ignore[import-untyped]
import pytest

from loyalty_lens.errors import LandingError
from loyalty_lens.landing import LandingReport, ingest
from loyalty_lens.landing.arrival import Arrival
from loyalty_lens.landing.remote import RemoteFile

STORES = "store_id,store_name\nS1,x\n"
DAY = "2026-01-05/store_sales_header.csv"


@pytest.fixture(scope="module")
def s3() -> Iterator[Any]:
    """The file system of an S3 that forgets; the environment says where it is, as a user's does."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
        patch.setenv("AWS_ACCESS_KEY_ID", "for-tests")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "for-tests")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        patch.setenv("NO_PROXY", "127.0.0.1")
        yield fsspec.filesystem("s3", use_listings_cache=False, skip_instance_cache=True)
    server.stop()


@pytest.fixture
def bucket(s3: Any) -> Iterator[Callable[[str, str | bytes], None]]:
    """An empty bucket; call it to put a file below its prefix `landing here`."""
    s3.mkdir("shop")

    def put(path: str, content: str | bytes) -> None:
        data = content.encode() if isinstance(content, str) else content
        s3.pipe(f"shop/landing here/{path}", gzip.compress(data) if path.endswith(".gz") else data)

    yield put
    s3.rm("shop", recursive=True)


URL = "s3://shop/landing here"


def land(shop: Any, **options: Any) -> LandingReport:
    return ingest(shop.url, URL, supersede_limit=shop.limit, **options)


def outcomes(report: LandingReport) -> dict[str, str]:
    return {file.path: file.outcome for file in report.files}


def test_files_of_a_bucket_load_by_both_paths_and_gzipped(shop: Any, bucket: Any) -> None:
    bucket("stores.csv", STORES)
    bucket(f"{DAY}.gz", shop.headers("T1", "T2"))
    bucket("products.csv", b"product_id,brand\nP1,Caf\xe9\nP2\n")
    bucket("notes.txt", "x")
    bucket(".hidden/stores.csv", STORES)
    bucket("stores.csv.part", STORES)
    report = land(shop)
    assert outcomes(report) == {
        "notes.txt": "ignored",
        "stores.csv": "loaded",
        "products.csv": "loaded",
        f"{DAY}.gz": "loaded",
    }
    assert report.landing == URL
    assert shop.rows("select product_id, brand from raw.products order by 1") == [
        ("P1", "Café"),
        ("P2", None),
    ]
    assert shop.value("select count(*) from raw.store_sales_header") == 2
    assert shop.rows(
        "select source_file, path_key, file_date::text from ops.load_batches order by 1"
    )[0] == (f"{DAY}.gz", DAY, "2026-01-05")


def test_what_lies_there_unchanged_is_not_read_again(
    shop: Any, bucket: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket("stores.csv", STORES)
    bucket(f"{DAY}.gz", shop.headers("T1"))
    land(shop)
    with monkeypatch.context() as patch:
        patch.setattr(RemoteFile, "open", lambda _: pytest.fail("read again"))
        assert set(outcomes(land(shop)).values()) == {"skipped_same_content"}
    bucket("stores.csv", STORES + "S2,y\n")
    bucket(f"{DAY}.gz", shop.headers("T1", amount=2))
    report = land(shop)
    assert set(outcomes(report).values()) == {"loaded"}
    assert [file.superseded for file in report.files] == [(), (2,)]


def test_replace_reads_an_unchanged_file_behind_a_url_again(shop: Any, bucket: Any) -> None:
    bucket(DAY, shop.headers("T1"))
    land(shop)
    (report,) = land(shop, replace=1).files
    assert (report.outcome, report.superseded, report.rows_read) == ("loaded", (1,), 1)


def test_a_file_that_is_overwritten_while_it_is_read_waits(
    shop: Any, bucket: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket("stores.csv", STORES)
    opened = RemoteFile.open

    def overwriting(file: RemoteFile) -> Any:
        stream = opened(file)
        bucket("stores.csv", STORES + "S2,y\n")
        return stream

    monkeypatch.setattr(RemoteFile, "open", overwriting)
    assert outcomes(land(shop)) == {"stores.csv": "waiting"}
    assert shop.value("select count(*) from raw.stores") == 0
    monkeypatch.undo()
    assert outcomes(land(shop)) == {"stores.csv": "loaded"}


def test_markers_count_in_a_bucket_too(shop: Any, bucket: Any) -> None:
    bucket("stores.csv", STORES)
    bucket("products.csv", "product_id\nP1\n")
    bucket("products.csv.done", "")
    report = land(shop, arrival=Arrival(settle_seconds=0.1, marker=".done"))
    assert outcomes(report) == {"stores.csv": "waiting", "products.csv": "loaded"}


def test_a_damaged_file_of_a_bucket_fails_alone(shop: Any, bucket: Any, s3: Any) -> None:
    bucket("stores.csv", STORES)
    s3.pipe("shop/landing here/products.csv.gz", gzip.compress(b"product_id\n" * 9999)[:60])
    report = land(shop)
    assert outcomes(report) == {"products.csv.gz": "failed", "stores.csv": "loaded"}
    assert [file.message for file in report.problems] == [
        "products.csv.gz: the gzip file is incomplete or damaged; copy it again"
    ]


KEYS = {"key": "k", "secret": "hush-hush"}


def one_line(error: pytest.ExceptionInfo[LandingError]) -> str:
    assert "\n" not in str(error.value)
    return str(error.value)


def test_a_missing_bucket_and_an_empty_one_are_one_line_each(shop: Any, bucket: Any) -> None:
    with pytest.raises(LandingError) as error:
        ingest(shop.url, "s3://nowhere/x", supersede_limit=shop.limit)
    assert one_line(error).startswith("landing s3://nowhere/x does not exist; create the bucket")
    with pytest.raises(LandingError, match="no files below s3://shop/landing here"):
        land(shop)


class Forbidding(http.server.BaseHTTPRequestHandler):
    """An S3 that refuses everybody."""

    def do_GET(self) -> None:
        body = b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"
        self.send_response(403)
        self.send_header("Content-Type", "application/xml")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_HEAD = do_GET  # noqa: N815

    def log_message(self, *_: Any) -> None: ...


def test_a_forbidden_bucket_is_one_line(shop: Any) -> None:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Forbidding) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        options = {"endpoint_url": f"http://127.0.0.1:{server.server_port}", **KEYS}
        with pytest.raises(LandingError) as error:
            ingest(shop.url, URL, supersede_limit=shop.limit, options=options)
        server.shutdown()
    assert one_line(error) == (
        "landing s3://shop/landing here may not be read: Access Denied; check AWS_ACCESS_KEY_ID,"
        " AWS_SECRET_ACCESS_KEY and the bucket's policy"
    )


def test_an_s3_that_does_not_answer_is_one_line(shop: Any) -> None:
    options = {
        "endpoint_url": "http://127.0.0.1:9",
        **KEYS,
        "config_kwargs": {"retries": {"max_attempts": 0}},
    }
    with pytest.raises(LandingError) as error:
        ingest(shop.url, "s3://shop/x", supersede_limit=shop.limit, options=options)
    assert one_line(error).startswith("landing s3://shop/x cannot be read: ")
    assert "hush" not in one_line(error)


@pytest.mark.parametrize("url", ["nosuch://bucket/x", "gs://bucket/x"])
def test_a_url_without_a_file_system_is_one_line(shop: Any, url: str) -> None:
    with pytest.raises(LandingError, match=r"use a folder or s3://bucket/prefix"):
        ingest(shop.url, url, supersede_limit=shop.limit)


def test_memory_and_file_urls_are_landing_folders_too(shop: Any) -> None:
    fsspec.filesystem("memory").pipe("/deliveries/stores.csv", STORES.encode())
    assert outcomes(ingest(shop.url, "memory://deliveries", supersede_limit=Decimal(0))) == {
        "stores.csv": "loaded"
    }
    shop.put("with space/products.csv", "product_id\nP1\n")
    url = (shop.landing / "with space").as_uri()
    assert outcomes(ingest(shop.url, url, supersede_limit=Decimal(0))) == {"products.csv": "loaded"}


def test_fsspec_is_not_imported_for_a_folder(shop: Any) -> None:
    shop.put("stores.csv", STORES)
    code = (
        "import sys; from decimal import Decimal; from pathlib import Path\n"
        "from loyalty_lens.landing import ingest\n"
        f"ingest({shop.url!r}, Path({str(shop.landing)!r}), supersede_limit=Decimal(0))\n"
        "sys.exit('fsspec' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.full
def test_a_large_file_of_a_bucket_streams(shop: Any, bucket: Any) -> None:
    header = "transaction_id,store_id,transaction_date,total_amount\n"
    code = (
        "import sys; from decimal import Decimal\n"
        "from loyalty_lens.landing import ingest\n"
        f"ingest({shop.url!r}, {URL!r}, supersede_limit=Decimal(0))\n"
        "status = open('/proc/self/status').read()\n"
        "print(int(status.split('VmHWM:')[1].split()[0]) // 1024)"
    )
    peaks = []
    for rows in (100_000, 4_000_000):
        bucket(f"{rows}/2026-01-05/store_sales_header.csv", header + "T1,S1,2026-01-05,1\n" * rows)
        done = subprocess.run(
            [sys.executable, "-c", code], check=True, capture_output=True, text=True, env=os.environ
        )
        peaks.append(int(done.stdout))
    assert peaks[1] - peaks[0] < 30  # MB; two blocks of 8 MB and what the loop keeps
