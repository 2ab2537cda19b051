{{ config(tells=['product_id'], told_by=['product_category', 'is_merchandise', 'unit_cost']) }}
with

as_of as (
    select business_date from {{ ref('as_of') }}
),

versions as materialized (
    select
        *,
        row_number() over (
            partition by product_id order by version_at, _batch_id, _row_number
        ) as version_number
    from {{ ref('stg_products') }}
),

current_versions as (
    select distinct on (versions.product_id) versions.*
    from versions
    cross join as_of
    where
        versions.version_number = 1
        or cast(versions.version_at at time zone 'UTC' as date) <= as_of.business_date
    order by versions.product_id asc, versions.version_number desc
),

-- Products that events name while no products file was ever accepted.
inferred as (
    select product_id
    from {{ ref('accepted_lines') }}
    where product_id is not null and not exists (select from versions)
    union
    select product_id
    from {{ ref('stg_store_inventory') }}
    where product_id is not null and not exists (select from versions)
),

final as (
    select
        product_id,
        coalesce(product_name, product_id) as product_name,
        coalesce(product_category, '{{ var("uncategorised") }}') as product_category,
        brand,
        attributes,
        coalesce(is_merchandise, true) as is_merchandise,
        false as is_inferred,
        unit_price,
        unit_cost,
        current_stock_level,
        _batch_id,
        _row_number
    from current_versions
    union all
    select
        product_id,
        product_id as product_name,
        '{{ var("uncategorised") }}' as product_category,
        null as brand,
        null as attributes,
        true as is_merchandise,
        true as is_inferred,
        null as unit_price,
        null as unit_cost,
        null as current_stock_level,
        null as _batch_id,
        null as _row_number
    from inferred
)

select * from final
