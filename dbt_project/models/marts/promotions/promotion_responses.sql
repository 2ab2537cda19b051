-- Channel by offer by segment. A promotion's cost is shared among the segments by customers who
-- came: what reached a segment without an answer is not in any file.
with

segments as (
    select
        value_segment,
        count(*) as member_count
    from {{ ref('customer_details') }}
    group by value_segment
),

customers as (
    select
        customer_id,
        value_segment
    from {{ ref('customer_details') }}
),

promotions as (
    select
        promotion_id,
        coalesce(channel, 'Not given') as channel,
        coalesce(offer_type, 'Not given') as offer_type,
        cost_amount
    from {{ ref('promotions') }}
),

-- Counted in steps: no group has to be sorted to tell different customers.
by_buyer as (
    select
        promotion_id,
        customer_id,
        bool_or(is_first_purchase) as is_first_purchase,
        bool_or(not is_return) as has_bought,
        count(*) filter (where not is_return) as transaction_count,
        sum(net_amount) as net_amount
    from {{ ref('promoted_sales') }}
    group by promotion_id, customer_id
),

by_customer as (
    select
        promotions.promotion_id,
        promotions.channel,
        promotions.offer_type,
        coalesce(customers.value_segment, 'Guest') as segment,
        promotions.cost_amount,
        by_buyer.customer_id,
        by_buyer.is_first_purchase,
        by_buyer.has_bought,
        by_buyer.transaction_count,
        by_buyer.net_amount
    from by_buyer
    inner join promotions on by_buyer.promotion_id = promotions.promotion_id
    left join customers on by_buyer.customer_id = customers.customer_id
),

per_promotion as (
    select
        promotion_id,
        channel,
        offer_type,
        segment,
        cost_amount,
        sum(transaction_count) as transaction_count,
        sum(net_amount) as net_amount
    from by_customer
    group by promotion_id, channel, offer_type, segment, cost_amount
),

different_customers as (
    select
        channel,
        offer_type,
        segment,
        customer_id,
        bool_or(is_first_purchase) as is_first_purchase
    from by_customer
    where customer_id is not null and has_bought
    group by channel, offer_type, segment, customer_id
),

customer_counts as (
    select
        channel,
        offer_type,
        segment,
        count(*) as customer_count,
        count(*) filter (where is_first_purchase) as new_customer_count
    from different_customers
    group by channel, offer_type, segment
),

cost_shares as (
    select
        channel,
        offer_type,
        segment,
        cost_amount * transaction_count
        / nullif(sum(transaction_count) over (partition by promotion_id), 0) as cost_amount
    from per_promotion
),

costs as (
    select
        channel,
        offer_type,
        segment,
        sum(cost_amount) as cost_amount
    from cost_shares
    group by channel, offer_type, segment
),

responses as (
    select
        channel,
        offer_type,
        segment,
        count(*) filter (where transaction_count > 0) as promotion_count,
        sum(transaction_count) as transaction_count,
        sum(net_amount) as net_amount
    from per_promotion
    group by channel, offer_type, segment
),

final as (
    select
        responses.channel,
        responses.offer_type,
        responses.segment,
        responses.promotion_count,
        cast(responses.transaction_count as bigint) as transaction_count,
        coalesce(customer_counts.customer_count, 0) as customer_count,
        coalesce(customer_counts.new_customer_count, 0) as new_customer_count,
        coalesce(segments.member_count, 0) as member_count,
        cast(
            cast(coalesce(customer_counts.customer_count, 0) as numeric)
            / segments.member_count as numeric(18, 6)
        ) as response_ratio,
        cast(responses.net_amount as numeric(24, 4)) as net_amount,
        cast(costs.cost_amount as numeric(24, 4)) as cost_amount,
        cast(
            costs.cost_amount / nullif(customer_counts.new_customer_count, 0) as numeric(24, 4)
        ) as cost_per_new_customer_amount
    from responses
    inner join costs
        on
            responses.channel = costs.channel
            and responses.offer_type = costs.offer_type
            and responses.segment = costs.segment
    left join customer_counts
        on
            responses.channel = customer_counts.channel
            and responses.offer_type = customer_counts.offer_type
            and responses.segment = customer_counts.segment
    left join segments on responses.segment = segments.value_segment
)

select * from final
