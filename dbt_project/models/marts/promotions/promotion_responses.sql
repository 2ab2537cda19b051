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

bought as (
    select
        promotions.promotion_id,
        promotions.channel,
        promotions.offer_type,
        sold.customer_id,
        coalesce(customers.value_segment, 'Guest') as segment,
        sold.transaction_id,
        purchases.purchase_number = 1 and not sold.is_return as is_first_purchase,
        sold.is_return,
        sold.line_amount,
        promotions.cost_amount
    from {{ ref('promoted_lines') }} as sold
    inner join promotions on sold.promotion_id = promotions.promotion_id
    left join customers on sold.customer_id = customers.customer_id
    left join {{ ref('purchases') }} as purchases
        on sold.transaction_id = purchases.transaction_id
),

per_promotion as (
    select
        promotion_id,
        channel,
        offer_type,
        segment,
        cost_amount,
        count(distinct transaction_id) filter (where not is_return) as transaction_count
    from bought
    group by promotion_id, channel, offer_type, segment, cost_amount
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
        count(distinct promotion_id) as promotion_count,
        count(distinct transaction_id) filter (where not is_return) as transaction_count,
        count(distinct customer_id) filter (where not is_return) as customer_count,
        count(distinct customer_id) filter (where is_first_purchase) as new_customer_count,
        sum(line_amount) as net_amount
    from bought
    group by channel, offer_type, segment
),

final as (
    select
        responses.channel,
        responses.offer_type,
        responses.segment,
        responses.promotion_count,
        responses.transaction_count,
        responses.customer_count,
        responses.new_customer_count,
        coalesce(segments.member_count, 0) as member_count,
        cast(
            cast(responses.customer_count as numeric) / segments.member_count as numeric(18, 6)
        ) as response_ratio,
        cast(responses.net_amount as numeric(24, 4)) as net_amount,
        cast(costs.cost_amount as numeric(24, 4)) as cost_amount,
        cast(
            costs.cost_amount / nullif(responses.new_customer_count, 0) as numeric(24, 4)
        ) as cost_per_new_customer_amount
    from responses
    inner join costs
        on
            responses.channel = costs.channel
            and responses.offer_type = costs.offer_type
            and responses.segment = costs.segment
    left join segments on responses.segment = segments.value_segment
)

select * from final
