"""Data Docs of Great Expectations from stored results; imported only by `loyalty_lens.worker`.

The pages of Great Expectations load styles, scripts and pictures from seven hosts, and their index
is drawn by one of those scripts: without the internet it is empty. So what comes from elsewhere is
taken out, a small style sheet takes its place, and the index is our own
(`loyalty_lens.quality.documents`).
"""

import datetime as dt
import re
from pathlib import Path
from typing import Any

import great_expectations as gx
from great_expectations.core import (
    ExpectationSuiteValidationResult,
    ExpectationValidationResult,
    RunIdentifier,
)
from great_expectations.expectations.expectation_configuration import ExpectationConfiguration
from great_expectations.render.renderer.page_renderer import ValidationResultsPageRenderer
from great_expectations.render.view.view import DefaultJinjaPageView

FOREIGN = (
    re.compile(r"<script\b.*?</script>", re.S),
    re.compile(r"<style\b.*?</style>", re.S),
    re.compile(r"<link\b[^>]*>", re.S),
    re.compile(r"<footer\b.*?</footer>", re.S),
    re.compile(r'<nav class="navbar.*?</nav>\s*</div>\s*</nav>', re.S),
    re.compile(r"<img\b[^>]*>", re.S),
)


def handle(request: dict[str, Any]) -> dict[str, Any]:
    """Writes one page per data set of `{folder, style, pages: [...]}`.

    A page is {data_set, day, judged_at, file, expectations: [{type, kwargs, rule_id, severity,
    dimension, message, rows_evaluated, rows_failed}]}. Answers {"pages": how many}.
    """
    folder = Path(request["folder"])
    for page in request["pages"]:
        document = ValidationResultsPageRenderer().render(_suite_result(page))
        html = DefaultJinjaPageView().render(document)  # type: ignore[no-untyped-call]
        text = _own(html, request["style"], f"{page['data_set']}, files of {page['day']}")
        (folder / page["file"]).write_text(text, encoding="utf-8")
    return {"pages": len(request["pages"])}


def _suite_result(page: dict[str, Any]) -> ExpectationSuiteValidationResult:
    results = [_result(entry) for entry in page["expectations"]]
    passed = sum(bool(result.success) for result in results)
    count = len(results)
    return ExpectationSuiteValidationResult(
        success=passed == count,
        results=results,
        suite_name=page["data_set"],
        statistics={
            "evaluated_expectations": count,
            "successful_expectations": passed,
            "unsuccessful_expectations": count - passed,
            "success_percent": 100 * passed / count if count else None,
        },
        meta={
            "run_id": RunIdentifier(
                run_name=page["day"], run_time=dt.datetime.fromisoformat(page["judged_at"])
            ),
            "great_expectations_version": gx.__version__,
            "batch_spec": {},
            "active_batch_definition": {"data_asset_name": page["data_set"]},
        },
    )


def _result(entry: dict[str, Any]) -> ExpectationValidationResult:
    evaluated, failed = entry["rows_evaluated"], entry["rows_failed"]
    told = f"{entry['rule_id']} ({entry['severity']}, {entry['dimension']}): {entry['message']}"
    asked = ", ".join(f"{name} {value}" for name, value in entry["kwargs"].items())
    return ExpectationValidationResult(
        success=not failed,
        expectation_config=ExpectationConfiguration(
            type=entry["type"],
            kwargs=entry["kwargs"],
            description=f"{told} [{entry['type']}: {asked}]",
        ),
        result={
            "element_count": evaluated,
            "unexpected_count": failed,
            "unexpected_percent": 100 * failed / evaluated if evaluated else 0.0,
            "partial_unexpected_list": [],
        },
        meta={},
        exception_info={
            "raised_exception": False,
            "exception_message": None,
            "exception_traceback": None,
        },
    )


def _own(html: str, style: str, title: str) -> str:
    for pattern in FOREIGN:
        html = pattern.sub("", html)
    html = re.sub(
        r'<a href="[^"]*expectations/[^"]*"[^>]*>(.*?)</a><br>\s*Data asset: None', r"\1", html
    )
    html = re.sub(r"<title>.*?</title>", "", html, flags=re.S)
    head = f"<title>{title}</title><style>{style}</style></head>"
    html = html.replace("</head>", head, 1)
    top = f'<p class="top"><a href="index.html">All data sets</a></p><h1>{title}</h1>'
    return re.sub(r"(<body\b[^>]*>)", lambda found: found.group(1) + top, html, count=1)
