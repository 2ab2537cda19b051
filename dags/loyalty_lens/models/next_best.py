"""How often the products to offer next were bought: counted in SQL (`marts.next_best_test`)."""

from psycopg2.extensions import connection as Connection  # noqa: N812

from loyalty_lens.models.results import FITTED, Metric, ModelFit, Outcome, not_enough

MODEL, BASELINE = "Next best product", "What most bought"
LEAST_CUSTOMERS = 100


def next_best(connection: Connection) -> Outcome:
    """The share of customers who bought one of their products to offer, who bought anything new.

    On the newest month end that lies four weeks back, from what was known on it; beside what most
    customers had bought and this one had not.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "select tested_on_date, customer_count, hit_count, baseline_hit_count"
            " from marts.next_best_test"
        )
        row = cursor.fetchone()
    if row is None:
        return not_enough(MODEL, "no month ended four weeks ago or earlier", 0)
    tested_on, customers, hits, baseline_hits = row
    if customers < LEAST_CUSTOMERS:
        message = f"{customers} customers bought something new, {LEAST_CUSTOMERS} are needed"
        return not_enough(MODEL, message, customers)
    metric = Metric(
        model=MODEL,
        metric="Hit rate",
        value=hits / customers,
        baseline=BASELINE,
        baseline_value=baseline_hits / customers,
        customers=customers,
        trained_on=tested_on,
        tested_on=tested_on,
    )
    return Outcome([ModelFit(MODEL, FITTED, customers)], [metric])
