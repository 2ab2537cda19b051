with

scores as (
    select
        customer_id,
        churn_probability,
        business_date
    from {{ source('ops', 'customer_scores') }}
    where churn_probability is not null
),

customers as (
    select customer_id from {{ ref('customers') }}
),

final as (
    select
        scores.customer_id,
        case
            when scores.churn_probability >= {{ var('churn_high') }} then 'High'
            when scores.churn_probability >= {{ var('churn_medium') }} then 'Medium'
            else 'Low'
        end as churn_risk,
        cast(scores.churn_probability as numeric(18, 6)) as churn_probability,
        scores.business_date
    from scores
    inner join customers on scores.customer_id = customers.customer_id
)

select * from final
