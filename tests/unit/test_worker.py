"""A helper process: answers, errors, its end."""

import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from loyalty_lens.errors import QualityError, WorkerError
from loyalty_lens.worker import Worker

HELPER = """
import multiprocessing
import os
import time
from pathlib import Path
from loyalty_lens.errors import QualityError

prepared = []
locks = []

def prepare():
    print("chatter on standard output")
    prepared.append(True)
    locks.append(multiprocessing.get_context("spawn").Lock())
    Path(__file__).with_name("prepared").touch()

def handle(request):
    print("chatter on standard output")
    assert prepared == [True]
    what = request["what"]
    if what == "refuse":
        raise QualityError("no such suite")
    if what == "break":
        raise RuntimeError("two\\nlines")
    if what == "die":
        os._exit(7)
    if what == "work":
        Path("working").write_text(str(os.getpid()))
        time.sleep(60)
    return {"what": what, "variable": os.environ.get("VARIABLE")}
"""


@pytest.fixture
def worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Worker:
    (tmp_path / "helper_for_tests.py").write_text(HELPER)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return Worker("helper_for_tests", {"VARIABLE": "set"})


def test_a_helper_answers_again_and_again_whatever_it_prints(worker: Worker) -> None:
    with worker:
        for what in ("first", "zwei – drei"):
            assert worker.call(what=what) == {"what": what, "variable": "set"}


def test_an_error_of_ours_comes_back_as_itself_and_the_helper_lives_on(worker: Worker) -> None:
    with worker:
        with pytest.raises(QualityError, match="no such suite"):
            worker.call(what="refuse")
        assert worker.call(what="more")["what"] == "more"


def test_any_other_error_comes_back_on_one_line(worker: Worker) -> None:
    with worker, pytest.raises(WorkerError, match="RuntimeError: two lines"):
        worker.call(what="break")


def test_a_helper_that_dies_is_told(worker: Worker) -> None:
    with worker, pytest.raises(WorkerError, match="exit code 7"):
        worker.call(what="die")


def test_a_helper_starts_with_its_first_call_and_ends_with_close(worker: Worker) -> None:
    worker.close()
    process = worker.start()
    worker.close()
    assert process.poll() is not None


def test_a_helper_that_nobody_asked_ends_without_a_word(
    worker: Worker, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    process = worker.start()
    while not (tmp_path / "prepared").exists():
        time.sleep(0.05)
    trackers = psutil.Process(process.pid).children()
    assert trackers  # Python's tracker of semaphores, which has to remove one now
    worker.close()
    psutil.wait_procs(trackers, timeout=20)
    assert capfd.readouterr().err == "chatter on standard output\n"


def test_a_helper_at_work_does_not_outlive_the_command_that_was_killed(
    worker: Worker, tmp_path: Path
) -> None:
    """Its tables would be the next run's as well."""
    program = "from loyalty_lens.worker import Worker; Worker('helper_for_tests').call(what='work')"
    command = subprocess.Popen([sys.executable, "-c", program], cwd=tmp_path)
    note = tmp_path / "working"
    while not (note.exists() and note.read_text()):
        assert command.poll() is None
        time.sleep(0.02)
    helper = psutil.Process(int(note.read_text()))
    command.kill()
    command.wait()
    try:
        helper.wait(20)
    finally:
        if helper.is_running():
            helper.kill()
