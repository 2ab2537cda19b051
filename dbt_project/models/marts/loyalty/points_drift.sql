with

as_of as (
    select business_date from {{ ref('as_of') }}
),

-- The newest value of a customer file; a file dated later than the business date says nothing.
delivered as (
    select distinct on (customer_history.customer_id)
        customer_history.customer_id,
        customer_history.total_loyalty_points,
        customer_history.version_number,
        customer_history.delivered_date,
        customer_history._batch_id,
        customer_history._row_number
    from {{ ref('customer_history') }} as customer_history
    inner join as_of on customer_history.delivered_date <= as_of.business_date
    where customer_history.total_loyalty_points is not null
    order by customer_history.customer_id asc, customer_history.version_number desc
),

balances as (
    select
        delivered.customer_id,
        sum(points_ledger.points) as balance
    from delivered
    inner join {{ ref('points_ledger') }} as points_ledger
        on
            delivered.customer_id = points_ledger.customer_id
            and delivered.delivered_date >= points_ledger.business_date
    group by delivered.customer_id
),

final as (
    select
        delivered.customer_id,
        cast(delivered.version_number as integer) as version_number,
        delivered.version_number > 1 as is_later_version,
        cast(delivered.total_loyalty_points as bigint) as delivered_points,
        cast(coalesce(balances.balance, 0) as bigint) as balance,
        cast(delivered.total_loyalty_points - coalesce(balances.balance, 0) as bigint)
            as drift_points,
        delivered.delivered_date,
        delivered._batch_id,
        delivered._row_number
    from delivered
    inner join {{ ref('customers') }} as customers on delivered.customer_id = customers.customer_id
    left join balances on delivered.customer_id = balances.customer_id
)

select * from final
