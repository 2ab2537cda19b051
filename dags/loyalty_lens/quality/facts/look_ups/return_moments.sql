-- One row per header that has a part in returns: the sales that are named and the returns that name them.
-- Of an owner who takes from any sale all sales and returns.
with asking as (
    select distinct
        owners.customer_id,
        owners.store_id
    from judge.found_return_owners as owners
    where owners.takes_any
),

histories as (
    select
        live.*,
        asking.customer_id as owner_id,
        null as owner_store_id
    from judge.live_store_sales_header as live
    inner join asking on live.customer_id = asking.customer_id
    union all
    select
        live.*,
        asking.customer_id as owner_id,
        null as owner_store_id
    from judge.live_store_sales_header as live
    inner join judge.found_phone_owners as phone_owners on live.customer_phone = phone_owners.phone
    inner join asking on phone_owners.customer_id = asking.customer_id
    where live.customer_id is null
    union all
    select
        live.*,
        null as owner_id,
        asking.store_id as owner_store_id
    from judge.live_store_sales_header as live
    inner join asking on asking.customer_id is null and live.store_id = asking.store_id
    left join judge.found_phone_owners as phone_owners on live.customer_phone = phone_owners.phone
    where live.customer_id is null and phone_owners.phone is null
),

sales as (
    select histories.* from histories
    where not histories._is_return and not histories._is_rejected
    union all
    select
        live.*,
        owners.customer_id as owner_id,
        owners.store_id as owner_store_id
    from judge.live_store_sales_header as live
    inner join judge.found_return_owners as owners
        on live._entity_hash = owners._entity_hash and not owners.is_return
    where
        not live._is_return
        and not live._is_rejected
        and not exists (
            select from histories
            where histories._entity_hash = live._entity_hash
        )
),

headers as (
    select sales.* from sales
    union all
    select histories.* from histories
    where
        histories._is_return
        and histories.original_transaction_id is null
        and (not histories._is_rejected or histories._is_unmatched)
    union all
    select
        live.*,
        sales.owner_id,
        sales.owner_store_id
    from judge.live_store_sales_header as live
    inner join sales on live._original_hash = sales._entity_hash
    where not live._is_rejected
)

select distinct on (headers._entity_hash)
    headers._entity_hash,
    headers._original_hash,
    headers._is_return as is_return,
    headers.transaction_id,
    coalesce('customer ' || headers.owner_id, 'store ' || headers.owner_store_id) as owner,
    ops.business_date(
        headers.transaction_date,
        headers._instant_transaction_date,
        coalesce(store_zones.time_zone, %(default_time_zone)s)
    ) as business_date,
    coalesce(
        headers._instant_transaction_date,
        headers.transaction_date
        at time zone coalesce(store_zones.time_zone, %(default_time_zone)s)
    ) as sold_at
from headers
left join judge.store_zones on headers.store_id = store_zones.store_id
order by headers._entity_hash, headers._is_rejected, headers._batch_id, headers._row_number
