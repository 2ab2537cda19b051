"""Great Expectations in a process of its own: what holds, and which query names the other rows.

Imported only by `loyalty_lens.worker` (it costs 230 MB). A request names a table of schema `judge`
and its expectations; the answer says for each whether it holds and gives the query of failing rows.
No row is read here.
"""

from typing import Any

import great_expectations as gx
from great_expectations.core.batch_definition import BatchDefinition
from great_expectations.datasource.fluent.interfaces import TestConnectionError
from great_expectations.expectations.expectation import (
    ColumnMapExpectation,
    ColumnPairMapExpectation,
    MulticolumnMapExpectation,
)
from great_expectations.expectations.registry import get_expectation_impl

from loyalty_lens.errors import QualityError, WarehouseError
from loyalty_lens.warehouse.connection import shown

ROW_EXPECTATIONS = (ColumnMapExpectation, ColumnPairMapExpectation, MulticolumnMapExpectation)
RESULT_FORMAT: Any = {
    "result_format": "BOOLEAN_ONLY",
    "unexpected_index_column_names": ["_batch_id", "_row_number"],
    "return_unexpected_index_query": True,
}


class _Warehouse:
    """Context and data source of the last URL, kept: making them anew costs more than judging."""

    def __init__(self) -> None:
        self.url: str | None = None
        self.source: Any = None
        self.batches: dict[str, BatchDefinition[Any]] = {}

    def batch(self, url: str, table: str) -> BatchDefinition[Any]:
        if url != self.url:
            if self.source is not None:
                self.source.get_engine().dispose()
            context = gx.get_context(mode="ephemeral")
            context.variables.progress_bars = {"globally": False}  # type: ignore[assignment]
            try:
                # A connection kept from the last run may have gone with a restart of the server.
                source = context.data_sources.add_sql(
                    "warehouse",
                    connection_string=_dialect(url),
                    kwargs={"pool_pre_ping": True},  # type: ignore[call-arg]
                )
            except TestConnectionError as error:
                raise WarehouseError(f"{shown(url)}: no connection for validation") from error
            self.source = source
            self.url, self.batches = url, {}
        if table not in self.batches:
            asset = self.source.add_table_asset(table, table_name=table, schema_name="judge")
            self.batches[table] = asset.add_batch_definition_whole_table("all")
        return self.batches[table]


_WAREHOUSE = _Warehouse()


def handle(request: dict[str, Any]) -> dict[str, Any]:
    """Answers `{url, table, expectations: [{number, where, type, kwargs}]}`.

    The answer is `{"results": [{number, holds, query}]}`. Raises QualityError naming the entry that
    Great Expectations does not know, does not accept or cannot carry out.
    """
    entries = request["expectations"]
    suite = gx.ExpectationSuite(
        name=request["table"], expectations=[_expectation(entry) for entry in entries]
    )
    batch = _WAREHOUSE.batch(request["url"], request["table"]).get_batch()
    where = {entry["number"]: entry["where"] for entry in entries}
    results = batch.validate(suite, result_format=RESULT_FORMAT).results
    return {"results": [_result(result, where) for result in results]}


def _expectation(entry: dict[str, Any]) -> Any:
    try:
        kind: Any = get_expectation_impl(entry["type"])
    except Exception as error:
        raise QualityError(f"{entry['where']}: there is no {entry['type']}") from error
    if not issubclass(kind, ROW_EXPECTATIONS):
        raise QualityError(
            f"{entry['where']}: {entry['type']} judges a whole table; only expectations on rows"
            " can name the rows that fail"
        )
    try:
        return kind(**entry["kwargs"], meta={"number": entry["number"]})
    except (ValueError, TypeError) as error:
        raise QualityError(f"{entry['where']}: {_reason(error)}") from error


def _reason(error: Exception) -> str:
    try:
        problems = error.errors()  # type: ignore[attr-defined]
    except AttributeError:
        return " ".join(str(error).split())
    return "; ".join(
        f"{'.'.join(map(str, problem['loc']))} {problem['msg']}".replace("__root__ ", "")
        for problem in problems
    )


def _result(result: Any, where: dict[int, str]) -> dict[str, Any]:
    number = result.expectation_config.meta["number"]
    if result.exception_info.get("raised_exception", True):
        details = result.exception_info
        if "exception_message" not in details:
            details = next(iter(details.values()))
        message = " ".join(str(details.get("exception_message")).split())
        raise QualityError(f"{where[number]}: {message.removeprefix('Error: ')[:300]}")
    query = (result.result or {}).get("unexpected_index_query")
    if not result.success and not query:
        raise QualityError(f"{where[number]}: fails, but names no rows; use an expectation on rows")
    return {
        "number": number,
        "holds": bool(result.success),
        "query": query.rstrip().rstrip(";") if query else None,
    }


def _dialect(url: str) -> str:
    """The URL for SQLAlchemy; a dollar sign would be taken for a variable to fill in."""
    return "postgresql+psycopg2://" + url.partition("://")[2].replace("$", "%24")
