-- One row per delivered sales line. The sum of the lines is judged on the first line of a header in a
-- batch, so that a difference counts once.
with headers as (
    select distinct on (live._entity_hash)
        live._entity_hash,
        case when live._is_rejected then 'rejected' else 'accepted' end as status,
        live._is_return as is_return,
        live.original_transaction_id,
        live.total_amount,
        ops.business_date(
            live.transaction_date,
            live._instant_transaction_date,
            coalesce(store_zones.time_zone, %(default_time_zone)s)
        ) as business_date
    from judge.live_store_sales_header as live
    left join judge.store_zones on live.store_id = store_zones.store_id
    where live._entity_hash in (select delivered._entity_hash from delivered)
    order by live._entity_hash, live._is_rejected, live._batch_id, live._row_number
),

products as materialized (
    select wanted.product_id
    from (select distinct delivered.product_id from delivered) as wanted
    where
        exists (
            select from judge.live_products as live
            where
                live._entity_hash = hashtextextended(wanted.product_id, 0)
                and not live._is_rejected
        )
),

-- From when to when a product had a price: its first version holds from the beginning.
price_versions as (
    select
        live.product_id,
        live.unit_price,
        live._version_at,
        lag(live.unit_price) over by_version as price_before,
        row_number() over by_version as number
    from judge.live_products as live
    where
        live._entity_hash in (select hashtextextended(products.product_id, 0) from products)
        and not live._is_rejected
    window by_version as (
        partition by live.product_id order by live._version_at, live._batch_id, live._row_number
    )
),

prices as materialized (
    select
        price_versions.product_id,
        price_versions.unit_price,
        case when price_versions.number > 1 then price_versions._version_at end as valid_from,
        lead(price_versions._version_at) over (
            partition by price_versions.product_id order by price_versions.number
        ) as valid_to
    from price_versions
    where
        price_versions.number = 1
        or price_versions.unit_price is distinct from price_versions.price_before
),

promotions as materialized (
    select distinct on (live.promotion_id)
        live.promotion_id,
        live._discount as discount
    from judge.live_promotion_details as live
    where
        live._entity_hash in (
            select hashtextextended(wanted.promotion_id, 0)
            from (select distinct delivered.promotion_id from delivered) as wanted
        )
        and not live._is_rejected
    order by
        live.promotion_id, live._version_at desc, live._batch_id desc, live._row_number desc
),

sums as (
    select
        delivered._batch_id,
        delivered._entity_hash,
        min(delivered._row_number) as first_row,
        sum(delivered.line_item_amount) as amount
    from delivered
    where delivered.transaction_id is not null
    group by delivered._batch_id, delivered._entity_hash
),

known as (
    select
        exists (select from judge.live_products as live where not live._is_rejected) as has_products,
        exists (
            select from judge.live_promotion_details as live where not live._is_rejected
        ) as has_promotions,
        exists (
            select from ops.load_batches
            where
                load_batches.data_set = 'store_sales_header'
                and load_batches.status in ('loaded', 'validated', 'held')
        ) as has_headers
),

looked_up as (
    select
        delivered.*,
        case
            when delivered.transaction_id is null then null
            when headers.status is not null then headers.status
            when known.has_headers then 'missing'
            else 'accepted'
        end as _header_status,
        coalesce(headers.is_return, false) as _is_return,
        headers.original_transaction_id as _original_transaction_id,
        case
            when delivered.product_id is not null
                then products.product_id is not null or not known.has_products
        end as _product_found,
        case
            when delivered.promotion_id is not null
                then promotions.promotion_id is not null or not known.has_promotions
        end as _promotion_found,
        round(abs(headers.total_amount) - abs(sums.amount), 2) as _header_difference,
        prices.unit_price as _unit_price,
        case when delivered.promotion_id is null then 0 else promotions.discount end as _discount
    from delivered
    cross join known
    left join headers on delivered._entity_hash = headers._entity_hash
    left join products on delivered.product_id = products.product_id
    left join promotions on delivered.promotion_id = promotions.promotion_id
    left join prices
        on
            delivered.product_id = prices.product_id
            and headers.status = 'accepted'
            and headers.business_date >= coalesce(prices.valid_from, '-infinity')
            and headers.business_date < coalesce(prices.valid_to, 'infinity')
    left join sums
        on
            delivered._batch_id = sums._batch_id
            and delivered._entity_hash = sums._entity_hash
            and delivered._row_number = sums.first_row
)

select
    looked_up.*,
    case when not looked_up._is_return then looked_up.quantity end as _sale_quantity,
    case when not looked_up._is_return then looked_up.line_item_amount end as _sale_amount,
    -- Rounded by unit or by line, or cut: a cent for each unit and one in a hundred is no difference.
    -- What was given away is told by zero_amount, a promotion that is not known by unknown_promotion.
    case
        when
            not looked_up._is_return and looked_up.quantity > 0 and looked_up.line_item_amount > 0
            then abs(
                looked_up.line_item_amount
                - looked_up.quantity * looked_up._unit_price * (1 - looked_up._discount)
            )
            <= 0.01 * looked_up.quantity
            + 0.01 * looked_up.quantity * looked_up._unit_price * (1 - looked_up._discount)
    end as _price_fits
from looked_up
