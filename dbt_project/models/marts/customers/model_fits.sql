-- A view on what `lens models` wrote, so that its last word is there at once.
{{ config(materialized='view') }}

with

final as (
    select
        model,
        status,
        message,
        value_basis,
        status = 'fitted' as is_converged,
        customers as customer_count,
        parameters,
        standard_errors,
        cast(log_likelihood as numeric(24, 4)) as log_likelihood,
        business_date,
        fitted_at
    from {{ source('ops', 'model_fits') }}
)

select * from final
