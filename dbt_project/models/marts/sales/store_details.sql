with

stores as (
    select
        *,
        count(*) over (partition by store_name) as name_count
    from {{ ref('stores') }}
),

final as (
    select
        store_id,
        store_name,
        case when name_count > 1 then store_name || ' (' || store_id || ')' else store_name end
            as store_label,
        store_city,
        coalesce(store_region, 'Not given') as store_region,
        country,
        time_zone,
        is_inferred,
        opening_date
    from stores
)

select * from final
