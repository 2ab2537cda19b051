-- Only merchandise goes back: a returned postage fee neither takes points nor spend away.
{{ config(
    materialized='by_key', key='original_transaction_id',
    follows=['sales', 'sale_lines', 'return_matches'],
    tells=['original_transaction_id', 'customer_id', 'business_date']
) }}
with

sales as not materialized (
    select
        transaction_id,
        customer_id,
        store_id,
        original_transaction_id,
        is_return,
        total_amount,
        business_date,
        sold_at,
        _batch_id,
        _row_number
    from {{ ref('sales') }}
),

named as (
    select
        transaction_id,
        original_transaction_id,
        total_amount
    from sales
    where
        is_return
        and original_transaction_id is not null
        and {{ of_changed_keys('original_transaction_id') }}
),

other_lines as (
    select
        transaction_id,
        sum(line_amount) as line_amount
    from {{ ref('sale_lines') }}
    where
        is_return
        and not is_merchandise
        and {{ of_changed_keys('transaction_id', 'select named.transaction_id from named') }}
    group by transaction_id
),

matched as (
    select
        return_transaction_id,
        original_transaction_id,
        sum(case when is_merchandise then returned_amount else 0 end) as returned_amount
    from {{ ref('return_matches') }}
    where {{ of_changed_keys('original_transaction_id') }}
    group by return_transaction_id, original_transaction_id
),

returned as (
    select
        named.transaction_id,
        named.original_transaction_id,
        greatest(coalesce(other_lines.line_amount, 0) - named.total_amount, 0) as returned_amount
    from named
    left join other_lines on named.transaction_id = other_lines.transaction_id
    union all
    select
        return_transaction_id as transaction_id,
        original_transaction_id,
        returned_amount
    from matched
),

final as (
    select
        returns.transaction_id as return_transaction_id,
        returned.original_transaction_id,
        returns.customer_id,
        returns.store_id,
        returns.original_transaction_id is not null as is_named,
        cast(returned.returned_amount as numeric(24, 4)) as returned_amount,
        cast(
            sum(returned.returned_amount) over (
                partition by returned.original_transaction_id
                order by
                    returns.business_date,
                    returns.sold_at,
                    returns.transaction_id collate "C"
            ) as numeric(24, 4)
        ) as returned_to_date_amount,
        returns.business_date,
        returns.sold_at as returned_at,
        returns._batch_id,
        returns._row_number
    from returned
    inner join sales as returns on returned.transaction_id = returns.transaction_id
    inner join sales as sold
        on returned.original_transaction_id = sold.transaction_id and not sold.is_return
)

select * from final
