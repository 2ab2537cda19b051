-- Whose the returns and the sales they name are: a customer, or the guests of a store. `takes_any`: who
-- ever brought anything back without naming the sale, because such a return takes from any of theirs.
with owned as (
    select
        returned._entity_hash,
        returned.is_return,
        coalesce(returned.customer_id, phone_owners.customer_id) as customer_id,
        case
            when coalesce(returned.customer_id, phone_owners.customer_id) is null
                then returned.store_id
        end as store_id
    from judge.found_returned as returned
    left join judge.found_phone_owners as phone_owners
        on returned.customer_id is null and returned.customer_phone = phone_owners.phone
),

-- Of all such returns, an index of their own.
unnamed as (
    select
        coalesce(live.customer_id, phone_owners.customer_id) as customer_id,
        case
            when coalesce(live.customer_id, phone_owners.customer_id) is null then live.store_id
        end as store_id
    from judge.live_store_sales_header as live
    left join judge.found_phone_owners as phone_owners
        on live.customer_id is null and live.customer_phone = phone_owners.phone
    where
        live._is_return
        and live.original_transaction_id is null
        and (not live._is_rejected or live._is_unmatched)
)

select
    owned._entity_hash,
    owned.is_return,
    owned.customer_id,
    owned.store_id,
    exists (
        select from unnamed
        where unnamed.customer_id = owned.customer_id
    ) or exists (
        select from unnamed
        where unnamed.store_id = owned.store_id
    ) as takes_any
from owned
