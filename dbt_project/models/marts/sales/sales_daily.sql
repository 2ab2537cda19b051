{{ config(
    materialized='by_key', key='business_date+store_id',
    follows=['sales', 'points_ledger', 'as_of'], tells=['business_date'],
    told_by=['store_id', 'transaction_count', 'net_amount']
) }}
with

as_of as (
    select business_date from {{ ref('as_of') }}
),

sales as (
    select sales.*
    from {{ ref('sales') }} as sales
    inner join as_of on sales.business_date <= as_of.business_date
    where {{ of_changed_pairs('sales.business_date', 'sales.store_id') }}
),

points as (
    select
        transaction_id,
        sum(points) filter (where entry_type in ('EARN', 'BONUS')) as issued_points,
        -sum(points) filter (where entry_type = 'REDEEM') as redeemed_points,
        -sum(points) filter (where entry_type = 'REVERSE') as reversed_points
    from {{ ref('points_ledger') }}
    where
        transaction_id is not null
        and {{ of_changed_keys('transaction_id', 'select sales.transaction_id from sales') }}
    group by transaction_id
),

final as (
    select
        sales.business_date,
        sales.store_id,
        count(*) filter (where not sales.is_return) as transaction_count,
        count(*) filter (where not sales.is_return and sales.is_guest) as guest_transaction_count,
        count(*) filter (where sales.is_return) as return_count,
        count(distinct sales.customer_id) filter (where not sales.is_return) as customer_count,
        coalesce(sum(sales.total_amount) filter (where not sales.is_return), 0) as gross_amount,
        coalesce(-sum(sales.total_amount) filter (where sales.is_return), 0) as returned_amount,
        sum(sales.total_amount) as net_amount,
        coalesce(sum(sales.total_amount) filter (where sales.is_guest), 0) as guest_net_amount,
        cast(coalesce(sum(points.issued_points), 0) as bigint) as issued_points,
        cast(coalesce(sum(points.redeemed_points), 0) as bigint) as redeemed_points,
        cast(coalesce(sum(points.reversed_points), 0) as bigint) as reversed_points
    from sales
    left join points on sales.transaction_id = points.transaction_id
    group by sales.business_date, sales.store_id
)

select * from final
