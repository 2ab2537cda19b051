"""A choice for every filter, all of one At-Risk customer: together they still leave something."""

from psycopg2.extensions import connection as Connection  # noqa: N812

from metabase.definition import Dashboard
from metabase.preview.choices import AtMost, Choice, Period, Values

# Filter: a query with one row; a period gives its first and its last day.
CHOICES = {
    "period": "select first_day, last_day from period",
    "store": "select stores.store_label from who inner join marts.store_details as stores using"
    " (store_id)",
    "region": "select stores.store_region from who inner join marts.store_details as stores using"
    " (store_id)",
    "segment": "select value_segment from who"
    " inner join marts.customer_details using (customer_id)",
    "tier": "select tier from who inner join marts.customer_details using (customer_id)",
    "category": "select product_category from product",
    "product": "select product_id from product",
    "promotion": "select promotion_label from product"
    " inner join marts.promotion_totals using (promotion_id)",
    "customer": "select customer_id from who",
    "loyalty_segment": "select segment_name from who"
    " inner join marts.customer_profiles using (customer_id)",
    "rfm_segment": "select rfm_segment from who"
    " inner join marts.customer_profiles using (customer_id)",
    "consent": "select consent from who inner join marts.customer_profiles using (customer_id)",
    "expiring": "select days_to_expiry from who"
    " inner join marts.customer_profiles using (customer_id)",
    "since": "select segment_since, segment_since from who"
    " inner join marts.customer_profiles using (customer_id)",
}
WHO = """
with period as (
    select max(business_date) - 40 as first_day, max(business_date) - 8 as last_day
    from marts.calendar
),

product as (
    select
        sold.promotion_id,
        sold.store_id,
        sold.product_id,
        sold.product_category
    from marts.promotion_performance as sold
    inner join period on sold.business_date between period.first_day and period.last_day
    inner join marts.product_performance as products on sold.product_id = products.product_id
    where sold.unit_count > 0
    order by
        products.stock_on_hand is not null desc,
        sold.net_amount desc,
        sold.store_id,
        sold.product_id
    limit 1
),

who as (
    select
        days.customer_id,
        days.store_id
    from marts.member_days as days
    inner join product on days.store_id = product.store_id
    inner join marts.customer_details as customers on days.customer_id = customers.customer_id
    where customers.is_at_risk
    group by days.customer_id, days.store_id
    order by max(days.business_date) desc, sum(days.purchase_count) desc, days.customer_id
    limit 1
)
"""


def one_of_each(connection: Connection, dashboard: Dashboard) -> dict[str, Choice]:
    """The choices by filter, in the order of the dashboard."""
    choices: dict[str, Choice] = {}
    with connection.cursor() as cursor:
        for each in dashboard.filters:
            cursor.execute(WHO + CHOICES[each.id])
            row = cursor.fetchone()
            assert row is not None, each.id
            choices[each.id] = Period(*row) if each.type.startswith("date/") else _choice(row[0])
    return choices


def _choice(value: object) -> Choice:
    return AtMost(value) if isinstance(value, int) else Values((str(value),))


def as_metabase_sends(choice: Choice) -> object:
    """The value of a parameter."""
    if isinstance(choice, Period):
        return f"{choice.first}~{choice.last}"
    return [choice.value] if isinstance(choice, AtMost) else list(choice.values)
