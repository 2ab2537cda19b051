"""The templates as they are written go through a whole run."""

from decimal import Decimal

from loyalty_lens.bring.template import write_templates
from loyalty_lens.splits import load_layouts
from tests.integration.pipeline.worlds import World


def test_templates_load_as_they_are_and_nothing_is_rejected_or_warned_of(world: World) -> None:
    data_sets = list(load_layouts().values())
    write_templates(data_sets, world.settings.landing)
    world.run()
    assert world.rejects() == {}
    counts = dict(
        world.rows(
            "select data_set, rows_accepted from ops.load_batches where derived_from is null"
        )
    )
    assert counts == {data_set.name: 2 for data_set in data_sets}
    warned = "select data_set, rule_id from ops.validation_results where rows_failed > 0"
    assert world.rows(warned) == []
    assert world.value("select sum(total_amount) from clean.sales") == Decimal("95.75")
