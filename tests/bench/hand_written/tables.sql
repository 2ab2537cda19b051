-- The final tables as somebody writes them who trusts the files: sales joined, points, RFM, segments.
--
-- In: schema `files`, a table of text columns for each data set. Out: schema `by_hand`. Rows that are
-- wrong stop the script or end up in the sums; nothing is kept of what was there before; who asks
-- where a number comes from has the files. PostgreSQL runs it as it is, DuckDB with two macros.
--
-- Left out, as no file that `lens generate` makes in its first year needs it: points that expire,
-- returns that name no sale, purchases of customers who were merged, versions of rules.

create schema by_hand;

-- The newest version of each; the first file names no moment.
create table by_hand.customers as
select distinct on (customer_id)
    customer_id,
    regexp_replace(customer_phone, '\D', '', 'g') as phone,
    cast(last_purchase_date as date) as last_purchase_date
from files.customer_details
order by customer_id, modified_at desc nulls last;

-- Prices and stock change from file to file, what a product is does not: any of its rows will do.
create table by_hand.products as
select distinct on (product_id)
    product_id,
    product_category,
    cast(is_merchandise as boolean) as is_merchandise
from files.products
order by product_id;

-- A guest whose phone belongs to one customer is that customer.
create table by_hand.sales as
with owners as (
    select phone, min(customer_id) as customer_id
    from by_hand.customers
    where phone is not null
    group by phone
    having count(*) = 1
)
select
    headers.transaction_id,
    coalesce(headers.customer_id, owners.customer_id) as customer_id,
    headers.store_id,
    headers.original_transaction_id,
    headers.transaction_type = 'RETURN' as is_return,
    cast(headers.total_amount as numeric(18, 4)) as total_amount,
    coalesce(cast(headers.points_redeemed as integer), 0) as points_redeemed,
    cast(left(headers.transaction_date, 10) as date) as business_date
from files.store_sales_header as headers
left join owners
    on headers.customer_id is null
    and regexp_replace(headers.customer_phone, '\D', '', 'g') = owners.phone;

analyze by_hand.sales;

create table by_hand.sale_lines as
select
    lines.transaction_id,
    lines.line_item_id,
    sales.customer_id,
    sales.store_id,
    lines.product_id,
    lines.promotion_id,
    products.product_category,
    products.is_merchandise,
    sales.is_return,
    case when sales.is_return then -1 else 1 end * abs(cast(lines.quantity as integer)) as quantity,
    cast(lines.line_item_amount as numeric(18, 4)) as line_amount,
    sales.business_date
from files.store_sales_line_items as lines
inner join by_hand.sales as sales on lines.transaction_id = sales.transaction_id
inner join by_hand.products as products on lines.product_id = products.product_id;

analyze by_hand.sale_lines;

-- What a customer paid for goods, and what of it came back.
create table by_hand.purchases as
with baskets as (
    select
        transaction_id,
        bool_or(is_merchandise) as has_merchandise,
        coalesce(sum(line_amount) filter (where not is_merchandise), 0) as other_amount
    from by_hand.sale_lines
    group by transaction_id
),

returned as (
    select
        sales.original_transaction_id as transaction_id,
        sum(greatest(baskets.other_amount - sales.total_amount, 0)) as returned_amount
    from by_hand.sales as sales
    inner join baskets on sales.transaction_id = baskets.transaction_id
    where sales.is_return
    group by sales.original_transaction_id
),

amounts as (
    select
        sales.transaction_id,
        sales.customer_id,
        sales.points_redeemed,
        sales.business_date,
        baskets.has_merchandise,
        greatest(sales.total_amount - baskets.other_amount, 0) as merchandise_amount,
        coalesce(returned.returned_amount, 0) as returned_amount
    from by_hand.sales as sales
    inner join baskets on sales.transaction_id = baskets.transaction_id
    left join returned on sales.transaction_id = returned.transaction_id
    where not sales.is_return and sales.customer_id is not null
)

select
    *,
    greatest(merchandise_amount - returned_amount, 0) as net_amount,
    greatest(merchandise_amount - points_redeemed * 0.01, 0) as eligible_amount,
    has_merchandise and (returned_amount = 0 or returned_amount < merchandise_amount) as is_counted
from amounts;

analyze by_hand.purchases;

-- Rules of one group exclude one another: the highest threshold that is met wins.
create table by_hand.earnings as
with rules as (
    select
        rule_id,
        rule_group,
        product_category,
        cast(points_per_unit_spend as numeric(18, 4)) as points_per_unit_spend,
        cast(min_spend_threshold as numeric(18, 4)) as min_spend_threshold,
        cast(bonus_points as integer) as bonus_points,
        cast(start_date as date) as start_date
    from files.loyalty_rules
    where event = 'PURCHASE' and cast(is_active as boolean)
),

category_amounts as (
    select transaction_id, product_category, sum(line_amount) as line_amount
    from by_hand.sale_lines
    where
        not is_return
        and is_merchandise
        and product_category in (select rules.product_category from rules)
    group by transaction_id, product_category
),

met as (
    select
        purchases.transaction_id,
        purchases.customer_id,
        purchases.merchandise_amount,
        purchases.returned_amount,
        rules.rule_group,
        rules.rule_id,
        rules.min_spend_threshold,
        rules.bonus_points,
        rules.points_per_unit_spend,
        case
            when rules.product_category is null then purchases.eligible_amount
            else least(purchases.eligible_amount, coalesce(category_amounts.line_amount, 0))
        end as base_amount
    from by_hand.purchases as purchases
    inner join rules
        on purchases.eligible_amount >= rules.min_spend_threshold
        and purchases.business_date >= rules.start_date
    left join category_amounts
        on purchases.transaction_id = category_amounts.transaction_id
        and rules.product_category = category_amounts.product_category
)

select distinct on (transaction_id, rule_group)
    transaction_id,
    customer_id,
    merchandise_amount,
    returned_amount,
    cast(floor(base_amount * points_per_unit_spend) as integer) as base_points,
    bonus_points
from met
where base_amount > 0
order by transaction_id, rule_group, min_spend_threshold desc, rule_id;

-- Sums of what moves an account; a return takes its share of what the sale earned, and gives back
-- its share of what was paid with points.
create table by_hand.points as
with told as (
    select
        customer_id,
        transaction_id,
        event_type,
        cast(points as integer) as points
    from files.points_events
),

redeemed as (
    select customer_id, transaction_id, abs(points) as points from told where event_type = 'REDEEM'
    union all
    select purchases.customer_id, purchases.transaction_id, purchases.points_redeemed as points
    from by_hand.purchases as purchases
    where
        purchases.points_redeemed > 0
        and not exists (
            select 1 from told
            where
                told.event_type = 'REDEEM'
                and purchases.transaction_id = told.transaction_id
                and purchases.customer_id = told.customer_id
        )
),

openings as (
    select distinct on (customer_id)
        customer_id,
        coalesce(cast(total_loyalty_points as integer), 0) as points
    from files.customer_details
    order by customer_id, modified_at nulls first
),

movements as (
    select customer_id, 'OPENING' as entry_type, points from openings
    union all
    select customer_id, 'EARN' as entry_type, base_points from by_hand.earnings
    union all
    select customer_id, 'BONUS' as entry_type, bonus_points from by_hand.earnings
    union all
    select
        customer_id,
        'REVERSE' as entry_type,
        -cast(
            div(
                (base_points + bonus_points) * least(returned_amount, merchandise_amount),
                merchandise_amount
            ) as integer
        )
    from by_hand.earnings
    where returned_amount > 0
    union all
    select customer_id, 'REDEEM' as entry_type, -points from redeemed
    union all
    select
        purchases.customer_id,
        'REFUND' as entry_type,
        cast(
            div(
                sum(redeemed.points)
                * least(purchases.returned_amount, purchases.merchandise_amount),
                purchases.merchandise_amount
            ) as integer
        )
    from redeemed
    inner join by_hand.purchases as purchases
        on redeemed.transaction_id = purchases.transaction_id
        and redeemed.customer_id = purchases.customer_id
    where purchases.returned_amount > 0
    group by
        purchases.transaction_id,
        purchases.customer_id,
        purchases.returned_amount,
        purchases.merchandise_amount
    union all
    select customer_id, 'ADJUST' as entry_type, points from told where event_type = 'ADJUST'
)

select
    customer_id,
    sum(points) as balance,
    coalesce(sum(points) filter (where entry_type = 'OPENING'), 0) as opening_points,
    coalesce(sum(points) filter (where entry_type = 'EARN'), 0) as earned_points,
    coalesce(sum(points) filter (where entry_type = 'BONUS'), 0) as bonus_points,
    coalesce(-sum(points) filter (where entry_type = 'REVERSE'), 0) as reversed_points,
    coalesce(-sum(points) filter (where entry_type = 'REDEEM'), 0) as redeemed_points,
    coalesce(sum(points) filter (where entry_type = 'REFUND'), 0) as refunded_points,
    coalesce(sum(points) filter (where entry_type = 'ADJUST'), 0) as adjusted_points
from movements
group by customer_id;

-- Scores: 1 and five times the share of customers who are strictly worse.
create table by_hand.customer_rfm as
with as_of as (
    select max(business_date) as business_date from by_hand.sales
),

bought as (
    select
        customer_id,
        count(*) filter (where is_counted) as frequency,
        max(business_date) filter (where is_counted) as last_purchase_date,
        sum(net_amount) as monetary
    from by_hand.purchases
    group by customer_id
    having bool_or(is_counted)
),

measured as (
    select
        bought.customer_id,
        as_of.business_date
        - greatest(bought.last_purchase_date, customers.last_purchase_date) as recency_days,
        bought.frequency,
        bought.monetary
    from bought
    cross join as_of
    left join by_hand.customers as customers
        on bought.customer_id = customers.customer_id
        and customers.last_purchase_date <= as_of.business_date
),

medians as (
    select
        percentile_cont(0.5) within group (order by recency_days) as recency_days,
        percentile_cont(0.5) within group (order by frequency) as frequency,
        round(
            cast(percentile_cont(0.5) within group (order by monetary) as numeric(24, 6)), 6
        ) as monetary
    from measured
),

scored as (
    select
        *,
        1 + div(5 * (rank() over (order by recency_days desc) - 1), count(*) over ()) as r_score,
        1 + div(5 * (rank() over (order by frequency) - 1), count(*) over ()) as f_score,
        1 + div(5 * (rank() over (order by monetary) - 1), count(*) over ()) as m_score
    from measured
)

select
    scored.*,
    case
        when r_score = 5 and f_score >= 4 then 'Champions'
        when r_score >= 3 and f_score >= 4 then 'Loyal'
        when r_score >= 4 and f_score >= 2 then 'Potential Loyalist'
        when r_score = 5 then 'New'
        when r_score = 4 then 'Promising'
        when r_score = 3 and f_score = 3 then 'Need Attention'
        when r_score = 3 then 'About To Sleep'
        when f_score = 5 then 'Can''t Lose'
        when f_score >= 3 then 'At Risk'
        else 'Hibernating'
    end as rfm_segment,
    case
        when scored.monetary > 2 * medians.monetary then 'High Value'
        when scored.monetary > medians.monetary then 'Growing Value'
        else 'Base Value'
    end
    || ' - '
    || case
        when scored.frequency > medians.frequency
            then case
                when scored.recency_days < medians.recency_days then 'Active & Engaged'
                else 'At Risk'
            end
        when scored.recency_days < medians.recency_days then 'Developing'
        else 'Inactive'
    end as value_segment
from scored
cross join medians;

-- High-Spender: the top tenth of those with spend, ties in. At-Risk: 30 days away, points to lose.
create table by_hand.customer_segments as
with spenders as (
    select
        customer_id,
        rank() over (order by monetary desc) <= ceil(0.10 * count(*) over ()) as is_high_spender
    from by_hand.customer_rfm
    where monetary > 0
),

away as (
    select
        customers.customer_id,
        coalesce(
            customer_rfm.recency_days,
            (select max(business_date) from by_hand.sales) - customers.last_purchase_date
        ) as days
    from by_hand.customers as customers
    left join by_hand.customer_rfm as customer_rfm
        on customers.customer_id = customer_rfm.customer_id
)

select
    away.customer_id,
    coalesce(spenders.is_high_spender, false) as is_high_spender,
    coalesce(away.days >= 30 and points.balance > 0, false) as is_at_risk,
    case
        when spenders.is_high_spender then 'HS'
        when away.days >= 30 and points.balance > 0 then 'AR'
        else 'OT'
    end as segment_id
from away
left join spenders on away.customer_id = spenders.customer_id
left join by_hand.points as points on away.customer_id = points.customer_id;
