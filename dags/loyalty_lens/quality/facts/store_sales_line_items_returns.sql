-- One row per line of a return that may take something back, those accepted before among them: does it
-- find enough of the product in its sale or, where it names none, in the sales before it? They are worked
-- off in order of time, whenever they came; a line that does not fit takes nothing (ops.match_returns).
with new_lines as (
    select distinct on (passing._key, passing._is_return) passing.*
    from passing
    where
        not passing._is_return
        and not exists (
            select from judge.contested as contested
            where contested._key = passing._key and contested.is_accepted
        )
    order by passing._key, passing._is_return, passing._batch_id, passing._row_number
),

lines as (
    select
        live._batch_id,
        live._row_number,
        live._entity_hash,
        live._key_hash,
        live.product_id,
        live.quantity
    from judge.live_store_sales_line_items as live
    where
        not live._is_rejected
        and live._entity_hash in (select headers._entity_hash from judge.found_return_headers as headers)
    union all
    select
        new_lines._batch_id,
        new_lines._row_number,
        new_lines._entity_hash,
        new_lines._key_hash,
        new_lines.product_id,
        new_lines.quantity
    from new_lines
    where new_lines._entity_hash in (
        select headers._entity_hash from judge.found_return_headers as headers
    )
    union all
    select
        passing._batch_id,
        passing._row_number,
        passing._entity_hash,
        passing._key_hash,
        passing.product_id,
        passing.quantity
    from passing
    where passing._is_return
),

owned as (
    select
        lines.*,
        headers.owner,
        headers.is_return,
        headers._original_hash,
        headers.transaction_id,
        headers.business_date,
        headers.sold_at
    from lines
    inner join judge.found_return_headers as headers on lines._entity_hash = headers._entity_hash
),

asked as (
    select distinct
        owned.owner,
        owned.product_id
    from owned
    inner join judge.found_returned as returned
        on owned._entity_hash = returned._entity_hash and returned.is_return
),

events as (
    select
        owned.owner,
        owned.product_id,
        owned._entity_hash,
        cast(null as bigint) as _original_hash,
        false as is_return,
        cast(null as bigint) as _batch_id,
        cast(null as bigint) as _row_number,
        cast(null as bigint) as _key_hash,
        owned.transaction_id,
        sum(abs(owned.quantity)) as quantity,
        owned.business_date,
        owned.sold_at
    from owned
    inner join asked on owned.owner = asked.owner and owned.product_id = asked.product_id
    where not owned.is_return
    group by
        owned.owner,
        owned.product_id,
        owned._entity_hash,
        owned.transaction_id,
        owned.business_date,
        owned.sold_at
    union all
    select
        owned.owner,
        owned.product_id,
        owned._entity_hash,
        owned._original_hash,
        true as is_return,
        owned._batch_id,
        owned._row_number,
        owned._key_hash,
        owned.transaction_id,
        -abs(owned.quantity) as quantity,
        owned.business_date,
        owned.sold_at
    from owned
    inner join asked on owned.owner = asked.owner and owned.product_id = asked.product_id
    where owned.is_return
),

placed as materialized (
    select
        events.*,
        cast(
            row_number() over (
                partition by events.owner, events.product_id
                order by
                    events.business_date,
                    events.sold_at,
                    events.is_return,
                    events.transaction_id collate "C",
                    events._key_hash,
                    events._batch_id,
                    events._row_number
            ) as integer
        ) as place
    from events
),

linked as (
    select
        placed.*,
        case when placed._original_hash is not null then coalesce(named.place, 0) end as sale_place
    from placed
    left join placed as named
        on
            placed.owner = named.owner
            and placed.product_id = named.product_id
            and placed._original_hash = named._entity_hash
            and not named.is_return
),

histories as (
    select
        linked.owner,
        linked.product_id,
        array_agg(linked.quantity order by linked.place) as quantities,
        array_agg(linked.sale_place order by linked.place) as sale_places
    from linked
    group by linked.owner, linked.product_id
),

matched as (
    select distinct
        histories.owner,
        histories.product_id,
        matches.return_place
    from histories
    cross join lateral ops.match_returns(histories.quantities, histories.sale_places) as matches
),

judged as (
    select
        linked._batch_id,
        linked._row_number,
        case
            when matched.return_place is not null then 'accepted'
            when linked._original_hash is null then 'unmatched'
            when linked.sale_place = 0 then 'missing'
            when linked.quantity = 0 then 'accepted'
            else 'exceeded'
        end as _sale_status
    from linked
    left join matched
        on
            linked.owner = matched.owner
            and linked.product_id = matched.product_id
            and linked.place = matched.return_place
    where linked.is_return
)

-- A named sale that is not there any more leaves its return without an owner.
select
    lines._batch_id,
    lines._row_number,
    lines._entity_hash,
    lines.product_id,
    coalesce(judged._sale_status, 'missing') as _sale_status
from lines
left join judged
    on lines._batch_id = judged._batch_id and lines._row_number = judged._row_number
where
    judged._sale_status is not null
    or exists (
        select from judge.found_returned as returned
        where returned.is_return and returned._entity_hash = lines._entity_hash
    )
