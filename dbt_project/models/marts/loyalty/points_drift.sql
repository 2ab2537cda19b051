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

-- Customers merged into one count together, as of the latest of their files.
kept as (
    select
        coalesce(mergers.merged_into, delivered.customer_id) as customer_id,
        max(delivered.version_number) as version_number,
        sum(delivered.total_loyalty_points) as total_loyalty_points,
        max(delivered.delivered_date) as delivered_date,
        max(delivered._batch_id) as _batch_id,
        max(delivered._row_number) as _row_number
    from delivered
    left join {{ ref('customer_merges') }} as mergers
        on delivered.customer_id = mergers.customer_id
    group by coalesce(mergers.merged_into, delivered.customer_id)
),

balances as (
    select
        kept.customer_id,
        sum(points_ledger.points) as balance
    from kept
    inner join {{ ref('points_ledger') }} as points_ledger
        on
            kept.customer_id = points_ledger.customer_id
            and kept.delivered_date >= points_ledger.business_date
    group by kept.customer_id
),

final as (
    select
        kept.customer_id,
        cast(kept.version_number as integer) as version_number,
        kept.version_number > 1 as is_later_version,
        cast(kept.total_loyalty_points as bigint) as delivered_points,
        cast(coalesce(balances.balance, 0) as bigint) as balance,
        cast(kept.total_loyalty_points - coalesce(balances.balance, 0) as bigint)
            as drift_points,
        kept.delivered_date,
        kept._batch_id,
        kept._row_number
    from kept
    inner join {{ ref('customers') }} as customers on kept.customer_id = customers.customer_id
    left join balances on kept.customer_id = balances.customer_id
)

select * from final
