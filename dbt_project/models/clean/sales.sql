{{ config(
    materialized='by_key', key='transaction_id',
    follows=['accepted_headers', 'accepted_lines', 'stores', 'customer_merges', 'phone_owners'],
    tells=['transaction_id', 'store_id', 'business_date+store_id', 'business_date+customer_id'],
    tells_by={'business_date': ['transaction_id', 'store_id', 'is_return', 'payment_method']},
    tells_rows=['customer_id', 'store_id', 'is_return', 'total_amount', 'business_date'],
    indexes=[
        {'columns': ['transaction_id']}, {'columns': ['original_transaction_id']},
        {'columns': ['customer_id']}, {'columns': ['business_date']}
    ]
) }}
with

stores as (
    select
        store_id,
        time_zone
    from {{ ref('stores') }}
),

mergers as (
    select
        customer_id,
        merged_into
    from {{ ref('customer_merges') }}
),

located as (
    select
        headers.*,
        coalesce(headers.transaction_type = 'RETURN', false)
        or headers.original_transaction_id is not null as is_return,
        coalesce(mergers.merged_into, headers.customer_id) as kept_customer_id,
        phone_owners.customer_id as phone_customer_id,
        phone_owners.attributed_from_date,
        coalesce(phone_owners.customer_count > 1, false) as is_phone_ambiguous,
        coalesce(headers.sold_at_instant at time zone stores.time_zone, headers.sold_at_written)
            as local_sold_at,
        coalesce(headers.sold_at_instant, headers.sold_at_written at time zone stores.time_zone)
            as sold_at
    from {{ ref('accepted_headers') }} as headers
    left join stores on headers.store_id = stores.store_id
    left join mergers on headers.customer_id = mergers.customer_id
    left join {{ ref('phone_owners') }} as phone_owners
        on headers.customer_id is null and headers.customer_phone = phone_owners.customer_phone
    where {{ of_changed_keys('headers.transaction_id') }}
),

-- A return that names no sale is worth what came through: a line that finds no sale is rejected.
unnamed_returns as (
    select
        headers.transaction_id,
        sum(abs(lines.line_item_amount)) as line_amount
    from {{ ref('accepted_headers') }} as headers
    inner join {{ ref('accepted_lines') }} as lines
        on headers.transaction_id = lines.transaction_id
    where
        headers.transaction_type = 'RETURN'
        and headers.original_transaction_id is null
        and {{ of_changed_keys('headers.transaction_id') }}
    group by headers.transaction_id
),

amounts as (
    select
        located.*,
        case
            when cast(located.local_sold_at as date) >= located.attributed_from_date
                then located.phone_customer_id
        end as guest_customer_id,
        case
            when not located.is_return then located.total_amount
            when located.original_transaction_id is null
                then -coalesce(unnamed_returns.line_amount, 0)
            else -abs(located.total_amount)
        end as signed_amount
    from located
    left join unnamed_returns on located.transaction_id = unnamed_returns.transaction_id
),

final as (
    select
        transaction_id,
        coalesce(kept_customer_id, guest_customer_id) as customer_id,
        customer_id as delivered_customer_id,
        store_id,
        original_transaction_id,
        customer_phone,
        payment_method,
        currency,
        is_return,
        coalesce(kept_customer_id, guest_customer_id) is null as is_guest,
        customer_id is null and guest_customer_id is not null as is_attributed_by_phone,
        is_phone_ambiguous,
        cast(signed_amount as numeric(18, 4)) as total_amount,
        coalesce(abs(points_redeemed), 0) as points_redeemed,
        cast(extract(year from local_sold_at) as integer) as year,
        cast(extract(month from local_sold_at) as integer) as month,
        cast(extract(isodow from local_sold_at) as integer) as weekday,
        cast(local_sold_at as date) as business_date,
        sold_at,
        total_amount as _delivered_amount,
        _batch_id,
        _row_number
    from amounts
)

select * from final
