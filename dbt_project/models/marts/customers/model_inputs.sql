-- What the models of lifetime value and churn look at, as it was known on each cut-off: purchases
-- and returns up to it and nothing later, so that a test on the past cannot see the future.
-- A view: only `lens models` reads it, one cut-off at a time and only the columns that it needs; of
-- values nobody asks for, the lines are not even looked at.
{{ config(materialized='view') }}
{%- set basis = setting('rfm_monetary_basis', 'LENS_RFM_MONETARY_BASIS', 'net') %}
{%- set churn_days = setting('churn_days', 'LENS_CHURN_DAYS', '90') %}
{%- set step_days = '(' ~ churn_days ~ ' + ' ~ var('churn_gap_days') ~ ')' %}
with

bounds as (
    select
        as_of.business_date,
        min(purchases.business_date) as first_date
    from {{ ref('as_of') }} as as_of
    inner join {{ ref('purchases') }} as purchases
        on as_of.business_date >= purchases.business_date and purchases.has_merchandise
    group by as_of.business_date
),

-- The windows of both churn cut-offs lie apart: the first ends on the day of the second.
planned as (
    select
        'score' as cutoff,
        business_date as cutoff_date,
        cast(null as date) as window_from,
        cast(null as date) as window_until,
        first_date
    from bounds
    union all
    select
        'holdout' as cutoff,
        first_date + cast(floor(0.75 * (business_date - first_date)) as integer) as cutoff_date,
        first_date + cast(floor(0.75 * (business_date - first_date)) as integer) + 1
            as window_from,
        business_date as window_until,
        first_date
    from bounds
    union all
    select
        'churn_test' as cutoff,
        business_date - {{ step_days }} as cutoff_date,
        business_date - {{ churn_days }} + 1 as window_from,
        business_date as window_until,
        first_date
    from bounds
    union all
    select
        'churn_train' as cutoff,
        business_date - 2 * {{ step_days }} as cutoff_date,
        business_date - {{ step_days }} - {{ churn_days }} + 1 as window_from,
        business_date - {{ step_days }} as window_until,
        first_date
    from bounds
),

cutoffs as (
    select * from planned
    where cutoff_date >= first_date
),

purchases as not materialized (
    select
        transaction_id,
        customer_id,
        merchandise_amount,
        is_counted,
        business_date
    from {{ ref('purchases') }}
    where has_merchandise
),

returned as (
    select
        cutoffs.cutoff,
        sale_returns.original_transaction_id as transaction_id,
        sum(sale_returns.returned_amount) as returned_amount
    from {{ ref('sale_returns') }} as sale_returns
    inner join cutoffs on sale_returns.business_date <= cutoffs.cutoff_date
    group by cutoffs.cutoff, sale_returns.original_transaction_id
),

costed_lines as not materialized (
    select
        sale_lines.customer_id,
        sale_lines.line_amount,
        case when products.unit_cost is not null then sale_lines.line_amount end as costed_amount,
        sale_lines.quantity * products.unit_cost as cost_amount
    from {{ ref('sale_lines') }} as sale_lines
    left join {{ ref('products') }} as products on sale_lines.product_id = products.product_id
    where
        not sale_lines.is_return
        and sale_lines.is_merchandise
        and sale_lines.business_date <= (select bounds.business_date from bounds)
),

customer_costs as not materialized (
    select
        customer_id,
        sum(cost_amount) / nullif(sum(costed_amount), 0) as cost_ratio
    from costed_lines
    group by customer_id
),

-- Margin where the cost of nearly all that was sold is known; what is unknown costs as the rest.
costs as (
    select
        coalesce(
            sum(costed_amount) >= {{ var('clv_costed_share') }} * sum(line_amount), false
        ) as are_known,
        sum(cost_amount) / nullif(sum(costed_amount), 0) as cost_ratio
    from costed_lines
),

suspects as not materialized (
    select transaction_id
    from {{ ref('sale_lines') }}
    where is_suspect and not is_return and is_merchandise
    group by transaction_id
),

kept as (
    select
        cutoffs.cutoff,
        cutoffs.cutoff_date,
        purchases.transaction_id,
        purchases.customer_id,
        purchases.business_date,
        {% if basis == 'gross' -%}
        purchases.merchandise_amount as amount
        {%- else -%}
        purchases.merchandise_amount - coalesce(returned.returned_amount, 0) as amount
        {%- endif %}
    from purchases
    inner join cutoffs on purchases.business_date <= cutoffs.cutoff_date
    left join returned
        on
            cutoffs.cutoff = returned.cutoff
            and purchases.transaction_id = returned.transaction_id
    {% if basis != 'gross' -%}
    where
        coalesce(returned.returned_amount, 0) <= 0
        or returned.returned_amount < purchases.merchandise_amount
    {%- endif %}
),

valued as (
    select
        kept.*,
        suspects.transaction_id is not null as is_suspect
    from kept
    left join suspects on kept.transaction_id = suspects.transaction_id
),

-- A day counts once, and one with a suspect line not at all in a fit.
placed as (
    select
        *,
        min(business_date) over (partition by cutoff, customer_id) as first_date,
        bool_or(is_suspect) over (partition by cutoff, customer_id, business_date)
            as is_suspect_day
    from valued
),

added_up as (
    select
        cutoff,
        cutoff_date,
        customer_id,
        first_date,
        max(business_date) as last_date,
        count(distinct business_date) - 1 as repeat_day_count,
        count(distinct business_date) filter (
            where business_date > cutoff_date - {{ churn_days }}
        ) as recent_day_count,
        count(distinct business_date) filter (
            where business_date > first_date and not is_suspect_day
        ) as usual_day_count,
        sum(amount) filter (where business_date > first_date) as repeat_amount,
        sum(amount) filter (where business_date > first_date and not is_suspect_day)
            as usual_amount,
        sum(amount) as total_amount
    from placed
    group by cutoff, cutoff_date, customer_id, first_date
),

-- What of an amount is margin: by all that the customer bought. Only who is scored is valued.
histories as (
    select
        added_up.*,
        case
            when added_up.cutoff <> 'score' then null
            when (select costs.are_known from costs)
                then 1 - coalesce(customer_costs.cost_ratio, (select costs.cost_ratio from costs))
            else 1
        end as value_ratio
    from added_up
    left join customer_costs on added_up.customer_id = customer_costs.customer_id
),

later as (
    select
        cutoffs.cutoff,
        purchases.customer_id,
        count(distinct purchases.business_date) as day_count
    from purchases
    inner join cutoffs
        on purchases.business_date between cutoffs.window_from and cutoffs.window_until
    where purchases.is_counted
    group by cutoffs.cutoff, purchases.customer_id
),

final as (
    select
        histories.cutoff,
        histories.customer_id,
        '{{ basis }} ' || case
            when (select costs.are_known from costs) then 'margin'
            else 'revenue'
        end as value_basis,
        histories.repeat_day_count,
        histories.last_date - histories.first_date as days_to_last,
        cutoffs.cutoff_date - histories.first_date as age_days,
        cutoffs.cutoff_date - histories.last_date as recency_days,
        histories.recent_day_count,
        histories.usual_day_count,
        case
            when cutoffs.window_from is not null then coalesce(later.day_count, 0)
        end as later_day_count,
        cast(
            histories.repeat_amount / nullif(histories.repeat_day_count, 0) * histories.value_ratio
            as numeric(24, 6)
        ) as mean_value,
        cast(
            histories.usual_amount / nullif(histories.usual_day_count, 0) * histories.value_ratio
            as numeric(24, 6)
        ) as usual_mean_value,
        cast(histories.total_amount / (histories.repeat_day_count + 1) as numeric(24, 6))
            as mean_amount,
        cast(histories.total_amount as numeric(24, 4)) as total_amount,
        cutoffs.cutoff_date,
        cutoffs.window_from,
        cutoffs.window_until
    from histories
    inner join cutoffs on histories.cutoff = cutoffs.cutoff
    left join later
        on histories.cutoff = later.cutoff and histories.customer_id = later.customer_id
)

select * from final
