-- One row per line of an accepted return: is there a line of the sale for it, and enough left of it?
-- What was accepted earlier comes first, then delivery order; a line that does not fit takes nothing.
with recursive returned as (
    select
        passing._batch_id,
        passing._row_number,
        passing._original_transaction_id as transaction_id,
        passing.product_id,
        abs(passing.quantity) as quantity,
        row_number() over (
            partition by passing._original_transaction_id, passing.product_id
            order by passing._batch_id, passing._row_number
        ) as place
    from passing
    where passing._is_return
),

earlier_headers as (
    select
        named.transaction_id,
        live._entity_hash,
        false as is_return
    from (select distinct returned.transaction_id from returned) as named
    inner join judge.live_store_sales_header as live
        on hashtextextended(named.transaction_id, 0) = live._entity_hash
    where not live._is_rejected and live.original_transaction_id is null
    union all
    select
        named.transaction_id,
        live._entity_hash,
        true as is_return
    from (select distinct returned.transaction_id from returned) as named
    inner join judge.live_store_sales_header as live
        on hashtextextended(named.transaction_id, 0) = live._original_hash
    where not live._is_rejected
),

new_lines as (
    select distinct on (passing._key) passing.*
    from passing
    where
        not passing._is_return
        and passing.transaction_id in (select returned.transaction_id from returned)
        and not exists (
            select from judge.contested as contested
            where contested._key = passing._key and contested.is_accepted
        )
    order by passing._key, passing._batch_id, passing._row_number
),

sale_lines as (
    select
        earlier_headers.transaction_id,
        live.product_id,
        abs(live.quantity) as quantity,
        earlier_headers.is_return
    from judge.live_store_sales_line_items as live
    inner join earlier_headers on live._entity_hash = earlier_headers._entity_hash
    where not live._is_rejected
    union all
    select
        new_lines.transaction_id,
        new_lines.product_id,
        new_lines.quantity,
        false as is_return
    from new_lines
),

sold as (
    select
        sale_lines.transaction_id,
        sale_lines.product_id,
        sum(sale_lines.quantity) filter (where not sale_lines.is_return) as quantity,
        coalesce(sum(sale_lines.quantity) filter (where sale_lines.is_return), 0) as taken
    from sale_lines
    group by sale_lines.transaction_id, sale_lines.product_id
),

fold as (
    select
        sold.transaction_id,
        sold.product_id,
        cast(0 as bigint) as place,
        sold.quantity,
        sold.taken,
        false as fits
    from sold
    where sold.quantity is not null
    union all
    select
        fold.transaction_id,
        fold.product_id,
        returned.place,
        fold.quantity,
        fold.taken
        + case when fold.taken + returned.quantity <= fold.quantity then returned.quantity else 0 end,
        fold.taken + returned.quantity <= fold.quantity as fits
    from fold
    inner join returned
        on
            fold.transaction_id = returned.transaction_id
            and fold.product_id = returned.product_id
            and fold.place + 1 = returned.place
)

select
    returned._batch_id,
    returned._row_number,
    returned.product_id,
    case
        when fold.place is null then 'missing'
        when not fold.fits then 'exceeded'
        else 'accepted'
    end as _sale_status
from returned
left join fold
    on
        returned.transaction_id = fold.transaction_id
        and returned.product_id = fold.product_id
        and returned.place = fold.place
