-- A customer is built anew whose measures changed at a month end, or who is between an old
-- threshold of it and a new one (changed_month_end_states).
{{ config(
    materialized='by_key', key='state_date+customer_id', found_by='other',
    follows=['state_measures', 'state_thresholds'], tells=['state_date+customer_id', 'state_date']
) }}
with

measured as (
    select
        state_date,
        customer_id,
        recency_days,
        frequency,
        monetary,
        available_points
    from {{ ref('state_measures') }}
    where {{ of_changed_pairs('state_date', 'customer_id') }}
),

{{ placed_states() }}

select * from final
