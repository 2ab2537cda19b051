-- A view on what `lens models` wrote, so that its last word is there at once.
{{ config(materialized='view') }}

with

final as (
    select
        scope,
        store_id,
        period,
        period_date,
        cast(forecast_amount as numeric(24, 4)) as forecast_amount,
        cast(lower_amount as numeric(24, 4)) as lower_amount,
        cast(upper_amount as numeric(24, 4)) as upper_amount,
        business_date,
        fitted_at
    from {{ source('ops', 'sales_forecasts') }}
)

select * from final
