-- One row per delivered sales header.
with customers as materialized (
    select wanted.customer_id
    from (select distinct delivered.customer_id from delivered) as wanted
    where
        exists (
            select from judge.live_customer_details as live
            where
                live._entity_hash = hashtextextended(wanted.customer_id, 0)
                and not live._is_rejected
        )
),

known as (
    select
        exists (select from judge.store_zones) as has_stores,
        exists (
            select from judge.live_customer_details as live where not live._is_rejected
        ) as has_customers
),

dated as (
    select
        delivered.*,
        coalesce(upper(delivered.transaction_type) = 'RETURN', false)
        or delivered.original_transaction_id is not null as _is_return,
        ops.business_date(
            delivered.transaction_date,
            delivered._instant_transaction_date,
            coalesce(store_zones.time_zone, %(default_time_zone)s)
        ) as _business_date,
        case
            when delivered.store_id is not null
                then store_zones.store_id is not null or not known.has_stores
        end as _store_found,
        case
            when delivered.customer_id is not null
                then customers.customer_id is not null or not known.has_customers
        end as _customer_found
    from delivered
    cross join known
    left join judge.store_zones on delivered.store_id = store_zones.store_id
    left join customers on delivered.customer_id = customers.customer_id
)

select
    dated.*,
    cast(extract(year from dated._business_date) as integer) as _business_year,
    dated._business_date - coalesce(dated._file_date, dated._load_date) as _days_after_file,
    case when not dated._is_return then dated.total_amount end as _sale_amount,
    upper(dated.transaction_type) as _transaction_type,
    upper(dated.currency) = upper(%(currency)s) as _currency_fits
from dated
