-- What the points outstanding will cost, and the revenue that waits for them (docs/points.md,
-- IFRS 15 example 52), by the month in which they were earned.
{%- set breakage = setting('breakage', 'LENS_BREAKAGE', 'vintage') | string -%}
{%- set at_issue = setting('breakage_at_issue', 'LENS_BREAKAGE_AT_ISSUE', breakage) | string -%}
{%- set point_cost = setting('point_cost', 'LENS_POINT_COST', '0.01') %}
with

as_of as (
    select business_date from {{ ref('as_of') }}
    where business_date is not null
),

lots as (
    select
        cast(date_trunc('month', business_date) as date) as vintage_month,
        sum(original_points - reversed_points) as issued_points,
        sum(redeemed_points + adjusted_points + repaid_points - refunded_points) as used_points,
        sum(expired_points) as expired_points,
        sum(remaining_points) as outstanding_points,
        max(valid_through) as valid_through
    from {{ ref('points_lots') }}
    group by vintage_month
),

earning_sales as (
    select
        cast(date_trunc('month', purchases.business_date) as date) as vintage_month,
        sum(purchases.net_amount) as sales_amount
    from {{ ref('purchases') }} as purchases
    where
        purchases.transaction_id in (
            select points_lots.transaction_id
            from {{ ref('points_lots') }} as points_lots
            where points_lots.opened_by in ('EARN', 'BONUS')
        )
    group by vintage_month
),

vintages as (
    select
        lots.*,
        lots.valid_through < as_of.business_date as is_over,
        coalesce(earning_sales.sales_amount, 0) as sales_amount,
        as_of.business_date
    from lots
    cross join as_of
    left join earning_sales on lots.vintage_month = earning_sales.vintage_month
),

-- Of the points of vintages that are over, the share that nobody ever used.
experience as (
    select sum(expired_points) / nullif(sum(used_points + expired_points), 0) as breakage_ratio
    from vintages
    where is_over
),

expected as (
    select
        vintages.*,
        {% if breakage == 'vintage' -%}
        coalesce(experience.breakage_ratio, 0) as breakage_ratio,
        case when experience.breakage_ratio is null then 'none' else 'vintages' end
            as breakage_method,
        {%- else -%}
        cast({{ breakage }} as numeric) as breakage_ratio,
        'fixed' as breakage_method,
        {%- endif %}
        {% if at_issue == 'vintage' -%}
        coalesce(experience.breakage_ratio, 0) as breakage_ratio_at_issue
        {%- else -%}
        cast({{ at_issue }} as numeric) as breakage_ratio_at_issue
        {%- endif %}
    from vintages
    cross join experience
),

-- Points expected to be used in all: of an open vintage by the ratio, never less than was used.
counted as (
    select
        *,
        {{ expected_points('breakage_ratio') }} as expected_points,
        greatest(issued_points, 0) * (1 - breakage_ratio_at_issue) * {{ point_cost }}
            as points_value_at_issue
    from expected
),

allocated as (
    select
        *,
        coalesce(
            sales_amount * points_value_at_issue / nullif(sales_amount + points_value_at_issue, 0),
            0
        ) as allocated_amount
    from counted
),

recognised as (
    select
        *,
        case
            when is_over or expected_points <= 0 then allocated_amount
            else allocated_amount * greatest(used_points, 0) / expected_points
        end as recognised_amount
    from allocated
),

final as (
    select
        vintage_month,
        is_over,
        cast(issued_points as bigint) as issued_points,
        cast(used_points as bigint) as used_points,
        cast(expired_points as bigint) as expired_points,
        cast(outstanding_points as bigint) as outstanding_points,
        breakage_method,
        cast(
            1 - (expected_points - used_points) / nullif(outstanding_points, 0) as numeric(18, 6)
        ) as breakage_ratio,
        cast(expected_points as numeric(24, 4)) as expected_points,
        cast((expected_points - used_points) * {{ point_cost }} as numeric(24, 4))
            as liability_amount,
        cast(sales_amount as numeric(24, 4)) as sales_amount,
        cast(allocated_amount as numeric(24, 4)) as allocated_amount,
        cast(recognised_amount as numeric(24, 4)) as recognised_amount,
        cast(allocated_amount - recognised_amount as numeric(24, 4)) as deferred_amount,
        cast({{ point_cost }} as numeric(18, 6)) as point_cost,
        valid_through,
        business_date
    from recognised
)

select * from final
