-- A view on what `lens models` wrote, so that its last word is there at once.
{{ config(materialized='view') }}

with

metrics as (
    select
        *,
        business_date = max(business_date) over () as is_current
    from {{ source('ops', 'model_metrics') }}
),

final as (
    select
        model,
        metric,
        baseline,
        is_current,
        case
            when metric = 'Brier' or metric like 'WAPE%' then value < baseline_value
            when metric = 'Predicted / actual' then abs(value - 1) < abs(baseline_value - 1)
            else value > baseline_value
        end as is_better_than_baseline,
        customers as customer_count,
        cast(value as numeric(18, 6)) as metric_value,
        cast(baseline_value as numeric(18, 6)) as baseline_value,
        trained_on as trained_on_date,
        tested_on as tested_on_date,
        business_date
    from metrics
)

select * from final
