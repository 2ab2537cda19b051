-- What a customer brought along (semantics 0, opening balance), and since when one is a member.
with

first_sale as (
    select min(business_date) as business_date from {{ ref('sales') }}
),

first_versions as (
    select
        customer_history.*,
        coalesce(
            customer_history.file_date, first_sale.business_date, customer_history.delivered_date
        ) - 1 as opened_on
    from {{ ref('customer_history') }} as customer_history
    cross join first_sale
    where customer_history.version_number = 1
),

final as (
    select
        customers.customer_id,
        first_versions.loyalty_status as delivered_status,
        loyalty_tiers.tier as opening_tier,
        loyalty_tiers.tier_rank as opening_tier_rank,
        coalesce(first_versions.total_loyalty_points, 0) as opening_points,
        first_versions.opened_on,
        coalesce(
            customers.customer_since,
            case when not first_versions.is_first_delivery then first_versions.delivered_date end
        ) as member_since,
        first_sale.business_date as events_count_from,
        first_versions._batch_id,
        first_versions._row_number
    from {{ ref('customers') }} as customers
    inner join first_versions on customers.customer_id = first_versions.customer_id
    cross join first_sale
    left join {{ ref('loyalty_tiers') }} as loyalty_tiers
        on {{ names_tier('first_versions.loyalty_status') }}
)

select * from final
