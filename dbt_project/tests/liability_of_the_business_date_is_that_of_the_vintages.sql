-- The past is reckoned by the same rules as the present: for the business date both must agree.
with

vintages as (
    select
        coalesce(sum(outstanding_points), 0) as outstanding_points,
        coalesce(sum(liability_amount), 0) as liability_amount
    from {{ ref('points_liability') }}
),

today as (
    select
        outstanding_points,
        liability_amount
    from {{ ref('points_liability_daily') }}
    where business_date = (select as_of.business_date from {{ ref('as_of') }} as as_of)
)

select
    vintages.outstanding_points as expected_points,
    today.outstanding_points,
    vintages.liability_amount as expected_amount,
    today.liability_amount
from vintages
cross join today
where
    vintages.outstanding_points <> today.outstanding_points
    -- Each vintage is rounded to 0.0001.
    or abs(vintages.liability_amount - today.liability_amount) > 0.01
