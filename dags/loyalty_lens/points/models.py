"""The SQL of the dbt models, read over other tables than those that a build reads.

An account of another day, and a history under other rules, are what the models make of other
postings or other rules. So their own files are rendered again, with `ref` answered by whoever asks:
nothing is written twice, and nothing can drift. A function in the database that models and commands
both call would share as much, but hide the models' sources from dbt and their plans from the
planner, and could not follow a target of an analyst. dbt itself would do it too (`--defer`), but
takes seconds to parse, and leaves schemas behind where it is killed.
"""

import os
import re
from collections.abc import Collection, Iterable, Mapping
from functools import cached_property
from typing import Any

import jinja2

from loyalty_lens.errors import PointsError
from loyalty_lens.transform.environment import PROJECT
from loyalty_lens.yaml_text import read_yaml

MACRO = re.compile(r"\{%-?\s*macro\s.*?\bendmacro\s*-?%\}", re.DOTALL)


class Models:
    """The files of dbt_project; `environment` is what `env_var` reads before the process's own."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = {**os.environ, **environment}
        self._files = {path.stem: path for path in (PROJECT / "models").rglob("*.sql")}

    def sql(self, model: str, tables: Mapping[str, str]) -> str:
        """The query of a model; `tables` names what to read for the models that it refers to.

        What is not named there is read from the schemas of the marts. Raises PointsError where the
        model needs what only dbt has.
        """
        return self._rendered(model, lambda name: tables.get(name) or self._place(name))

    def var(self, name: str) -> Any:
        """The value of a var of dbt_project.yml."""
        return self._vars[name]

    def between(self, sources: Collection[str], targets: Iterable[str]) -> list[str]:
        """The models on the way from `sources` (not among them) to `targets`, in build order."""
        order: list[str] = []
        known: dict[str, bool] = dict.fromkeys(sources, True)

        def depends(model: str) -> bool:
            if model not in known:
                known[model] = False
                answers = [depends(name) for name in self._refs(model)]  # all: each takes its place
                known[model] = any(answers)
                if known[model]:
                    order.append(model)
            return known[model]

        for target in targets:
            depends(target)
        return order

    def _refs(self, model: str) -> list[str]:
        if model not in self._files:  # a seed
            return []
        names: list[str] = []
        self._rendered(model, lambda name: names.append(name) or name)  # type: ignore[func-returns-value]
        return names

    def _place(self, name: str) -> str:
        if name not in self._files:
            return f"clean.{name}"  # seeds lie there
        folders = self._files[name].relative_to(PROJECT / "models").parts
        return f"{folders[0]}.{name}"

    def _rendered(self, model: str, ref: Any) -> str:
        template = self._jinja.from_string(self._files[model].read_text("utf-8"))
        try:
            macros = vars(self._macros.make_module({"ref": ref}))
            return template.render({**macros, "ref": ref}).strip()
        except jinja2.UndefinedError as error:
            raise PointsError(
                f"model {model}: {error.message}; only dbt can read that"
                " (dags/loyalty_lens/points/models.py)"
            ) from error

    @cached_property
    def _macros(self) -> jinja2.Template:
        """Macros only: a materialization is a tag that only dbt knows."""
        files = [path.read_text("utf-8") for path in sorted(PROJECT.glob("macros/**/*.sql"))]
        return self._jinja.from_string("".join(m for text in files for m in MACRO.findall(text)))

    @cached_property
    def _jinja(self) -> jinja2.Environment:
        # The project's own files, and no page for a browser: nothing to escape.
        jinja = jinja2.Environment(  # noqa: S701
            undefined=jinja2.StrictUndefined, extensions=["jinja2.ext.do"]
        )
        jinja.globals.update(
            var=self._vars.get,
            env_var=lambda name, default="": self._environment.get(name, default),
            source=lambda schema, table: f"{schema}.{table}",
            config=lambda *_, **__: "",
            is_incremental=lambda: False,
            execute=False,
        )
        return jinja

    @cached_property
    def _vars(self) -> dict[str, Any]:
        project = read_yaml((PROJECT / "dbt_project.yml").read_text("utf-8"))
        values: dict[str, Any] = project["vars"]
        return values
