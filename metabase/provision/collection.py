"""The one collection that belongs to the definition, and what lies in it."""

from dataclasses import dataclass
from typing import Literal

from loyalty_lens.errors import MetabaseError
from metabase.provision.client import Json, Metabase
from metabase.provision.report import Report

MARK = "Made by lens metabase push"  # by which the collection is known again
OWNED = (
    f"{MARK}, which archives whatever else lies here:"
    " save questions and dashboards of your own in another collection."
)
Model = Literal["card", "dashboard"]
PATHS: dict[str, str] = {"card": "/api/card", "dashboard": "/api/dashboard"}


@dataclass(frozen=True)
class Collection:
    """The owned collection with its items as (model, name, id), oldest first."""

    number: int
    name: str
    items: tuple[tuple[str, str, int], ...]

    def id_of(self, model: Model, name: str) -> int | None:
        """The oldest item of that name."""
        named = (each[2] for each in self.items if each[:2] == (model, name))
        return next(named, None)


def owned_collection(api: Metabase, name: str, report: Report) -> Collection:
    """The collection `name`, made where it is absent.

    Raises MetabaseError where somebody else's collection has that name.
    """
    found = find(api, name)
    if found:
        return found
    made = api.post("/api/collection", {"name": name, "description": OWNED, "parent_id": None})
    report.created(f"collection {name}")
    return Collection(int(made["id"]), name, ())


def find(api: Metabase, name: str) -> Collection | None:
    """The owned collection with its items; None where it was never made."""
    named = [each for each in api.get("/api/collection", archived=False) if _is_at_root(each, name)]
    ours = [each for each in named if str(each.get("description")).startswith(MARK)]
    if not ours:
        if named:
            raise MetabaseError(
                f"{api.url}: a collection {name} is there that lens did not make; rename it, so"
                " that nothing of it is archived, and push again"
            )
        return None
    number = min(int(each["id"]) for each in ours)
    answer = api.get(f"/api/collection/{number}/items", models=["card", "dashboard"])
    listed = answer["data"] if isinstance(answer, dict) else answer
    items = [(each["model"], each["name"], int(each["id"])) for each in listed]
    return Collection(number, name, tuple(sorted(items, key=lambda item: item[2])))


def archive_others(api: Metabase, collection: Collection, kept: Json, report: Report) -> None:
    """Archives what lies in the collection and is not among the ids of `kept`, by model."""
    for model, name, number in collection.items:
        if number not in kept[model]:
            api.put(f"{PATHS[model]}/{number}", {"archived": True})
            report.archived(f"{model} {name}")


def _is_at_root(collection: Json, name: str) -> bool:
    return (
        collection["name"] == name
        and collection["id"] != "root"
        and not collection.get("personal_owner_id")
        and not collection.get("archived")
        and collection.get("location", "/") == "/"
    )
