-- One row per product named by the lines judged and known among the accepted ones, with its prices on
-- the days on which they sell it: the first holds from the beginning, changes[n] from starts[n]. Of its
-- versions but the first none is looked at that is older than the one valid on the first of these days,
-- or newer than the last.
with price_versions as (
    select
        sold.product_id,
        versions.unit_price,
        versions._version_at,
        lag(versions.unit_price) over by_version as price_before,
        row_number() over by_version as number
    from judge.found_sold as sold
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
    min(price_versions.unit_price) filter (where price_versions.number = 1) as first_price,
    array_agg(price_versions.unit_price order by price_versions.number)
        filter (where price_versions.number > 1) as changes,
    array_agg(price_versions._version_at order by price_versions.number)
        filter (where price_versions.number > 1) as starts
from price_versions
where
    price_versions.number = 1
    or price_versions.unit_price is distinct from price_versions.price_before
group by price_versions.product_id
