with

scores as (
    select * from {{ source('ops', 'customer_scores') }}
),

customers as (
    select customer_id from {{ ref('customers') }}
),

fits as (
    select
        business_date,
        status
    from {{ source('ops', 'model_fits') }}
    where model = 'BG/NBD'
),

final as (
    select
        scores.customer_id,
        case
            when scores.purchase_days = 1 then 'Bought once'
            when scores.probability_alive is null then 'Not known'
            when scores.probability_alive >= 0.5 then 'Active'
            else 'Probably gone'
        end as standing,
        scores.value_basis,
        coalesce(fits.status = 'fitted', false) as is_fitted,
        coalesce(fits.status, 'not fitted') as fit_status,
        scores.clv_quintile,
        scores.purchase_days as purchase_day_count,
        cast(scores.probability_alive as numeric(18, 6)) as probability_alive,
        cast(scores.expected_purchases_90_days as numeric(18, 6)) as expected_purchases_90_days,
        cast(scores.expected_purchases_365_days as numeric(18, 6)) as expected_purchases_365_days,
        cast(scores.expected_amount as numeric(18, 4)) as expected_purchase_amount,
        cast(scores.expected_amount * scores.expected_purchases_90_days as numeric(18, 4))
            as expected_90_days_amount,
        cast(scores.expected_amount * scores.expected_purchases_365_days as numeric(18, 4))
            as expected_365_days_amount,
        cast(scores.clv_amount as numeric(18, 4)) as clv_amount,
        scores.business_date
    from scores
    inner join customers on scores.customer_id = customers.customer_id
    left join fits on scores.business_date = fits.business_date
)

select * from final
