-- One row per delivered redemption or adjustment; it takes the time zone of the sale that it names.
with customers as (
    select distinct ops.read_id(customer_details.customer_id) as customer_id
    from accepted.customer_details
),

sales as (
    select distinct on (ops.read_id(headers.transaction_id))
        ops.read_id(headers.transaction_id) as transaction_id,
        store_zones.time_zone
    from accepted.store_sales_header as headers
    inner join judge.store_zones on ops.read_id(headers.store_id) = store_zones.store_id
    where ops.read_id(headers.transaction_id) in (select delivered.transaction_id from delivered)
),

dated as (
    select
        delivered.*,
        ops.business_date(
            delivered.event_at,
            delivered._instant_event_at,
            coalesce(sales.time_zone, %(default_time_zone)s)
        ) as _business_date,
        case
            when delivered.customer_id is not null
                then customers.customer_id is not null or not exists (select from customers)
        end as _customer_found
    from delivered
    left join customers on delivered.customer_id = customers.customer_id
    left join sales on delivered.transaction_id = sales.transaction_id
)

select
    dated.*,
    cast(extract(year from dated._business_date) as integer) as _business_year,
    dated._business_date - coalesce(dated._file_date, dated._load_date) as _days_after_file,
    upper(dated.event_type) as _event_type
from dated
