-- points_liability of every day: of each month of earning, what had come and gone by then.
{%- set breakage = setting('breakage', 'LENS_BREAKAGE', 'vintage') | string -%}
{%- set point_cost = setting('point_cost', 'LENS_POINT_COST', '0.01') %}
with

calendar as (
    select business_date from {{ ref('calendar') }}
),

first_day as (
    select min(business_date) as business_date from calendar
),

-- What opened a lot, and what of it paid a debt, counts on the lot's own day.
opened as (
    select
        cast(date_trunc('month', business_date) as date) as vintage_month,
        business_date,
        original_points as issued_points,
        repaid_points as used_points,
        0 as expired_points,
        valid_through
    from {{ ref('points_lot_sums') }}
),

moved as (
    select
        vintage_month,
        business_date,
        -reversed_points as issued_points,
        used_points,
        expired_points,
        cast(null as date) as valid_through
    from {{ ref('points_movement_sums') }}
),

changes as (
    select * from opened
    union all
    select * from moved
),

-- What was before the first day is there when it begins.
changed as (
    select
        changes.vintage_month,
        greatest(changes.business_date, first_day.business_date) as business_date,
        sum(changes.issued_points) as issued_points,
        sum(changes.used_points) as used_points,
        sum(changes.expired_points) as expired_points,
        max(changes.valid_through) as valid_through
    from changes
    cross join first_day
    group by changes.vintage_month, greatest(changes.business_date, first_day.business_date)
),

months as (
    select distinct vintage_month from changed
),

-- A vintage stands on every day from its month on.
days as (
    select
        months.vintage_month,
        calendar.business_date,
        coalesce(changed.issued_points, 0) as issued_points,
        coalesce(changed.used_points, 0) as used_points,
        coalesce(changed.expired_points, 0) as expired_points,
        changed.valid_through
    from calendar
    inner join months on calendar.business_date >= months.vintage_month
    left join changed
        on
            months.vintage_month = changed.vintage_month
            and calendar.business_date = changed.business_date
),

stood as (
    select
        vintage_month,
        business_date,
        sum(issued_points) over (partition by vintage_month order by business_date)
            as issued_points,
        sum(used_points) over (partition by vintage_month order by business_date) as used_points,
        sum(expired_points) over (partition by vintage_month order by business_date)
            as expired_points,
        max(valid_through) over (partition by vintage_month order by business_date) < business_date
            as is_over
    from days
),

-- Of the points of vintages that are over, the share that nobody ever used.
experience as (
    select
        business_date,
        sum(expired_points) / nullif(sum(used_points + expired_points), 0) as breakage_ratio
    from stood
    where is_over
    group by business_date
),

vintages as (
    select
        stood.business_date,
        stood.is_over,
        stood.issued_points,
        stood.used_points,
        stood.issued_points - stood.used_points - stood.expired_points as outstanding_points,
        {% if breakage == 'vintage' -%}
        coalesce(experience.breakage_ratio, 0) as breakage_ratio
        {%- else -%}
        cast({{ breakage }} as numeric) as breakage_ratio
        {%- endif %}
    from stood
    left join experience on stood.business_date = experience.business_date
),

expected as (
    select
        business_date,
        outstanding_points,
        {{ expected_points('breakage_ratio') }} - used_points as expected_points
    from vintages
),

totals as (
    select
        calendar.business_date,
        coalesce(sum(expected.outstanding_points), 0) as outstanding_points,
        coalesce(sum(expected.expected_points), 0) as expected_points
    from calendar
    left join expected on calendar.business_date = expected.business_date
    group by calendar.business_date
),

final as (
    select
        business_date,
        cast(outstanding_points as bigint) as outstanding_points,
        cast(expected_points as numeric(24, 4)) as expected_points,
        cast(1 - expected_points / nullif(outstanding_points, 0) as numeric(18, 6))
            as breakage_ratio,
        cast(outstanding_points * {{ point_cost }} as numeric(24, 4)) as outstanding_amount,
        cast(expected_points * {{ point_cost }} as numeric(24, 4)) as liability_amount
    from totals
)

select * from final
