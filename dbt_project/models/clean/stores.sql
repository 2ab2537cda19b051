{{ config(tells=['store_id'], told_by=['time_zone', 'store_region']) }}
with

as_of as (
    select business_date from {{ ref('as_of') }}
),

versions as materialized (
    select
        *,
        row_number() over (
            partition by store_id order by version_at, _batch_id, _row_number
        ) as version_number
    from {{ ref('stg_stores') }}
),

time_zones as (
    select
        lower(name) as lower_name,
        min(name) as time_zone
    from pg_timezone_names
    group by lower_name
),

current_versions as (
    select distinct on (versions.store_id) versions.*
    from versions
    cross join as_of
    where
        versions.version_number = 1
        or cast(versions.version_at at time zone 'UTC' as date) <= as_of.business_date
    order by versions.store_id asc, versions.version_number desc
),

-- Stores that events name while no stores file was ever accepted.
inferred as (
    select store_id
    from {{ ref('accepted_headers') }}
    where store_id is not null and not exists (select from versions)
    union
    select store_id
    from {{ ref('stg_store_inventory') }}
    where store_id is not null and not exists (select from versions)
),

final as (
    select
        current_versions.store_id,
        coalesce(current_versions.store_name, current_versions.store_id) as store_name,
        current_versions.store_city,
        current_versions.store_region,
        current_versions.country,
        coalesce(
            time_zones.time_zone,
            '{{ setting("default_time_zone", "LENS_DEFAULT_TIME_ZONE", "UTC") }}'
        ) as time_zone,
        false as is_inferred,
        current_versions.opening_date,
        current_versions._batch_id,
        current_versions._row_number
    from current_versions
    left join time_zones on lower(current_versions.time_zone) = time_zones.lower_name
    union all
    select
        store_id,
        store_id as store_name,
        null as store_city,
        null as store_region,
        null as country,
        '{{ setting("default_time_zone", "LENS_DEFAULT_TIME_ZONE", "UTC") }}' as time_zone,
        true as is_inferred,
        null as opening_date,
        null as _batch_id,
        null as _row_number
    from inferred
)

select * from final
