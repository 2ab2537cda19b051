-- What each member of a list did in the days after being drawn, once there is such a day. By
-- intention to treat: the arm that came first counts, whatever became of it.
with

as_of as (
    select business_date from {{ ref('as_of') }}
),

exports as (
    select * from {{ source('ops', 'campaign_exports') }}
),

drawn as (
    select
        members.campaign_id,
        coalesce(mergers.merged_into, members.customer_id) as customer_id,
        members.arm,
        coalesce(members.value_segment, 'None yet') as value_segment,
        members.business_date,
        members.export_id
    from {{ source('ops', 'campaign_members') }} as members
    inner join as_of on members.business_date < as_of.business_date
    left join {{ ref('customer_merges') }} as mergers on members.customer_id = mergers.customer_id
),

members as (
    select distinct on (campaign_id, customer_id)
        campaign_id,
        customer_id,
        arm,
        value_segment,
        business_date
    from drawn
    order by campaign_id asc, customer_id asc, arm = 'excluded' asc, export_id asc
),

campaigns as (
    select distinct on (campaign_id)
        campaign_id,
        category
    from exports
    order by campaign_id asc, export_id desc
),

windows as (
    select
        members.*,
        campaigns.category,
        members.business_date + 1 as first_date,
        least(members.business_date + {{ var('campaign_days') }}, as_of.business_date) as last_date
    from members
    inner join campaigns on members.campaign_id = campaigns.campaign_id
    cross join as_of
),

bought as (
    select
        windows.campaign_id,
        windows.customer_id,
        windows.category,
        purchases.transaction_id,
        purchases.net_amount,
        purchases.has_merchandise,
        purchases.points_redeemed > 0 as is_redemption,
        purchases.business_date
    from windows
    inner join {{ ref('purchases') }} as purchases
        on
            windows.customer_id = purchases.customer_id
            and purchases.business_date between windows.first_date and windows.last_date
),

in_category as (
    select
        bought.campaign_id,
        bought.customer_id
    from bought
    where bought.category is null and bought.has_merchandise
    union
    select
        bought.campaign_id,
        bought.customer_id
    from bought
    inner join {{ ref('sale_lines') }} as sale_lines
        on
            bought.transaction_id = sale_lines.transaction_id
            and lower(bought.category) = lower(sale_lines.product_category)
),

redeemed as (
    select distinct
        windows.campaign_id,
        windows.customer_id
    from windows
    inner join {{ ref('points_events') }} as events
        on
            windows.customer_id = events.customer_id
            and events.event_type = 'REDEEM'
            and events.business_date between windows.first_date and windows.last_date
),

visits as (
    select
        campaign_id,
        customer_id,
        count(*) as purchase_count,
        bool_or(is_redemption) as has_redeemed,
        sum(net_amount) as net_amount
    from bought
    group by campaign_id, customer_id
),

final as (
    select
        windows.campaign_id,
        windows.customer_id,
        windows.arm,
        windows.value_segment,
        visits.customer_id is not null as has_visited,
        in_category.customer_id is not null as has_bought,
        coalesce(visits.has_redeemed, false) or redeemed.customer_id is not null as has_redeemed,
        coalesce(visits.purchase_count, 0) >= 2 as has_bought_again,
        coalesce(visits.purchase_count, 0) as purchase_count,
        cast(coalesce(visits.net_amount, 0) as numeric(24, 4)) as net_amount,
        windows.first_date,
        windows.last_date
    from windows
    left join visits
        on
            windows.campaign_id = visits.campaign_id
            and windows.customer_id = visits.customer_id
    left join in_category
        on
            windows.campaign_id = in_category.campaign_id
            and windows.customer_id = in_category.customer_id
    left join redeemed
        on
            windows.campaign_id = redeemed.campaign_id
            and windows.customer_id = redeemed.customer_id
)

select * from final
