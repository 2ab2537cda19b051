{{ config(
    materialized='by_key', key='customer_id', follows=['as_of'],
    tells_rows=['customer_id', 'segment_name', 'value_segment', 'tier']
) }}
with

final as (
    select
        customer_id,
        segment_name,
        value_segment,
        tier
    from {{ ref('customer_details') }}
    where {{ of_changed_keys('customer_id') }}
)

select * from final
