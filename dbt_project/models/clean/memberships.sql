-- What a customer brought along (semantics 0, opening balance), and since when one is a member.
{{ config(
    tells=['customer_id'],
    told_by=[
        'delivered_status', 'opening_tier', 'opening_tier_rank', 'opening_points', 'opened_on',
        'member_since', 'events_count_from', '_batch_id', '_row_number'
    ]
) }}
with

first_sale as (
    select min(business_date) as business_date from {{ ref('sales') }}
),

-- What the customers brought along who are merged into one is added up, and goes by the earliest.
delivered as (
    select
        history.*,
        coalesce(mergers.merged_into, history.customer_id) as kept_customer_id,
        coalesce(history.file_date, first_sale.business_date, history.delivered_date) - 1
            as opened_on
    from {{ ref('customer_history') }} as history
    cross join first_sale
    left join {{ ref('customer_merges') }} as mergers
        on history.customer_id = mergers.customer_id
    where history.version_number = 1
),

current_versions as (
    select
        customer_id,
        customer_since
    from {{ ref('customer_history') }}
    where is_current
),

openings as (
    select
        delivered.*,
        loyalty_tiers.tier as opening_tier,
        loyalty_tiers.tier_rank as opening_tier_rank,
        coalesce(
            current_versions.customer_since,
            case when not delivered.is_first_delivery then delivered.delivered_date end
        ) as member_since
    from delivered
    left join current_versions on delivered.customer_id = current_versions.customer_id
    left join {{ ref('loyalty_tiers') }} as loyalty_tiers
        on {{ names_tier('delivered.loyalty_status') }}
),

merged as (
    select
        kept_customer_id,
        sum(coalesce(total_loyalty_points, 0)) as opening_points,
        min(opened_on) as opened_on,
        case when count(member_since) = count(*) then min(member_since) end as member_since,
        (array_agg(opening_tier order by opening_tier_rank desc nulls last))[1] as opening_tier,
        max(opening_tier_rank) as opening_tier_rank
    from openings
    group by kept_customer_id
    having count(*) > 1
),

final as (
    select
        customers.customer_id,
        openings.loyalty_status as delivered_status,
        coalesce(merged.opening_tier, openings.opening_tier) as opening_tier,
        coalesce(merged.opening_tier_rank, openings.opening_tier_rank) as opening_tier_rank,
        coalesce(merged.opening_points, openings.total_loyalty_points, 0) as opening_points,
        coalesce(merged.opened_on, openings.opened_on) as opened_on,
        case
            when merged.kept_customer_id is not null then merged.member_since
            when customers.customer_since is not null then customers.customer_since
            when not openings.is_first_delivery then openings.delivered_date
        end as member_since,
        first_sale.business_date as events_count_from,
        openings._batch_id,
        openings._row_number
    from {{ ref('customers') }} as customers
    inner join openings on customers.customer_id = openings.customer_id
    cross join first_sale
    left join merged on customers.customer_id = merged.kept_customer_id
)

select * from final
