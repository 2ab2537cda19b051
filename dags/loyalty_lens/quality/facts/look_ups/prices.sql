-- From when to when a product had a price, for the days on which the lines judged sell it: its first
-- version holds from the beginning. Of its other versions none is looked at that is older than the one
-- valid on the first of these days, or newer than the last.
with sold as (
    select
        delivered.product_id,
        min(headers.business_date) as first_date,
        max(headers.business_date) as last_date
    from delivered
    inner join judge.found_headers as headers on delivered._entity_hash = headers._entity_hash
    where headers.status = 'accepted'
    group by delivered.product_id
),

price_versions as (
    select
        sold.product_id,
        versions.unit_price,
        versions._version_at,
        lag(versions.unit_price) over by_version as price_before,
        row_number() over by_version as number
    from sold
    cross join lateral (
        (
            select
                live.unit_price,
                live._version_at,
                live._batch_id,
                live._row_number
            from judge.live_products as live
            where
                live._entity_hash = hashtextextended(sold.product_id, 0)
                and not live._is_rejected
            order by live._version_at, live._batch_id, live._row_number
            limit 1
        )
        union
        (
            select
                live.unit_price,
                live._version_at,
                live._batch_id,
                live._row_number
            from judge.live_products as live
            where
                live._entity_hash = hashtextextended(sold.product_id, 0)
                and not live._is_rejected
                and live._version_at <= sold.first_date
            order by live._version_at desc, live._batch_id desc, live._row_number desc
            limit 1
        )
        union
        select
            live.unit_price,
            live._version_at,
            live._batch_id,
            live._row_number
        from judge.live_products as live
        where
            live._entity_hash = hashtextextended(sold.product_id, 0)
            and not live._is_rejected
            and live._version_at > sold.first_date
            and live._version_at <= sold.last_date
    ) as versions
    window by_version as (
        partition by sold.product_id
        order by versions._version_at, versions._batch_id, versions._row_number
    )
)

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
