"""The staging layer is built where something about it changed, and only there."""

import shutil
from contextlib import closing
from pathlib import Path

import pytest

from loyalty_lens.transform import standing
from loyalty_lens.transform.build import build
from loyalty_lens.transform.environment import PROJECT
from loyalty_lens.warehouse.connection import connect
from loyalty_lens.worker import Worker
from tests.dbt.warehouse import Warehouse
from tests.helpers.shared import SharedDbt

# A view that is replaced keeps its place; its query is written anew.
IDENTITIES = (
    "select relname, rewrite.xmin::text from pg_class"
    " inner join pg_rewrite as rewrite on rewrite.ev_class = pg_class.oid"
    " where relkind = 'v' and relnamespace = to_regnamespace('staging') order by relname"
)


@pytest.fixture(scope="module")
def worker(warehouse: Warehouse) -> Worker:
    return SharedDbt(warehouse.environment)


@pytest.fixture(scope="module")
def counts(warehouse: Warehouse, worker: Worker) -> dict[str, int]:
    return build(warehouse.url, worker, "staging", run_id="first", business_date=None)


def _is_built_again(warehouse: Warehouse, worker: Worker) -> bool:
    before = warehouse.rows(IDENTITIES)
    build(warehouse.url, worker, "staging", run_id=None, business_date=None)
    return warehouse.rows(IDENTITIES) != before


def test_what_stands_is_left_alone_and_recorded(
    warehouse: Warehouse, worker: Worker, counts: dict[str, int]
) -> None:
    before = warehouse.rows(IDENTITIES)
    assert build(warehouse.url, worker, "staging", run_id="second", business_date=None) == counts
    assert warehouse.rows(IDENTITIES) == before
    assert len(before) == counts["model"]
    recorded = "select unique_id, resource_type from ops.model_runs where run_id = '{}' order by 1"
    assert warehouse.rows(recorded.format("first")) == warehouse.rows(recorded.format("second"))
    assert warehouse.rows(
        "select run_id, array_agg(distinct status) from ops.model_runs group by 1 order by 1"
    ) == [("first", ["success"]), ("second", ["unchanged"])]


@pytest.mark.parametrize(
    "change",
    [
        "drop view staging.stg_stores cascade",
        # The same place and name, another meaning.
        "do $$ begin execute 'create or replace view staging.stg_stores as '"
        " || replace(pg_get_viewdef('staging.stg_stores'), 'read_text', 'read_id'); end $$",
        "comment on column staging.stg_stores.store_id is 'another'",
        "comment on view staging.stg_stores is 'another'",
        "delete from clean.rfm_grid where r_score = 5",
        "update clean.rfm_grid set rfm_segment = 'another' where r_score = 5 and f_score = 5",
        "drop table clean.rfm_grid cascade",
    ],
)
def test_a_change_in_the_database_builds_again(
    warehouse: Warehouse, worker: Worker, counts: dict[str, int], change: str
) -> None:
    warehouse.execute(change)
    assert _is_built_again(warehouse, worker)
    assert not _is_built_again(warehouse, worker)


def test_an_analysts_build_of_one_view_leaves_those_upon_it(
    warehouse: Warehouse, worker: Worker, counts: dict[str, int]
) -> None:
    before = [name for name, _ in warehouse.rows(IDENTITIES)]
    warehouse.dbt("run", "--select", "stg_stores")
    assert [name for name, _ in warehouse.rows(IDENTITIES)] == before
    assert not _is_built_again(warehouse, worker)  # it is the same view


@pytest.mark.parametrize(
    "changed", ["dbt_project.yml", "macros/version_at.sql", "seeds/rfm_grid.csv", "models/staging"]
)
def test_a_change_of_the_project_or_the_settings_is_seen(
    warehouse: Warehouse, tmp_path: Path, counts: dict[str, int], changed: str
) -> None:
    project = shutil.copytree(
        PROJECT, tmp_path / "project", ignore=shutil.ignore_patterns("target", "logs")
    )
    with closing(connect(warehouse.url)) as connection, connection.cursor() as cursor:
        environment = warehouse.environment

        def found(**more: str) -> str:
            return standing.fingerprint(cursor, {**environment, **more}, project)

        before = found()
        assert before == standing.fingerprint(cursor, environment)
        assert found(LENS_PG_PASSWORD="another") == before
        assert found(LENS_DEFAULT_TIME_ZONE="Asia/Tokyo") != before
        (project / "models" / "marts" / "more.sql").write_text("select 1 as one")
        assert found() == before
        path = project / changed
        if path.is_dir():
            path = path / "stg_more.sql"
        path.write_text(path.read_text() + "\n" if path.exists() else "select 1 as one")
        assert found() != before
