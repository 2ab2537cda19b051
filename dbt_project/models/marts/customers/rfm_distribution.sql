-- Bins that suit any shop: recency by the calendar, frequency and spend by 1, 2, 5, 10, 20, 50, ...
with

as_of as (
    select business_date from {{ ref('as_of') }}
    where business_date is not null
),

measures as (
    select
        measured.metric,
        measured.value
    from {{ ref('customer_rfm') }} as customer_rfm
    cross join lateral (
        values
        ('recency', cast(customer_rfm.recency_days as numeric)),
        ('frequency', cast(customer_rfm.frequency as numeric)),
        ('monetary', customer_rfm.monetary)
    ) as measured (metric, value)
),

edges as (
    select
        'recency' as metric,
        cast(lower_value as numeric) as lower_value
    from unnest(array[0, 7, 14, 30, 60, 90, 180, 365]) as bounds (lower_value)
    union all
    select
        metrics.metric,
        digits.digit * power(cast(10 as numeric), powers.exponent) as lower_value
    from (values ('frequency'), ('monetary')) as metrics (metric)
    cross join (values (1), (2), (5)) as digits (digit)
    cross join generate_series(0, 11) as powers (exponent)
    union all
    select
        'monetary' as metric,
        0 as lower_value
),

bins as (
    select
        metric,
        lower_value,
        lead(lower_value) over (partition by metric order by lower_value) as upper_value
    from edges
),

counted as (
    select
        bins.metric,
        bins.lower_value,
        bins.upper_value,
        count(measures.value) as customer_count
    from bins
    left join measures
        on
            bins.metric = measures.metric
            and bins.lower_value <= measures.value
            and (bins.upper_value > measures.value or bins.upper_value is null)
    group by bins.metric, bins.lower_value, bins.upper_value
),

-- Empty bins are kept between those that hold somebody, and dropped at both ends.
ranged as (
    select
        *,
        sum(customer_count) over (partition by metric order by lower_value) as up_to_here,
        sum(customer_count) over (partition by metric order by lower_value desc) as from_here,
        sum(customer_count) over (partition by metric) as total_count
    from counted
),

final as (
    select
        ranged.metric,
        cast(
            row_number() over (partition by ranged.metric order by ranged.lower_value) as integer
        ) as bin_number,
        case
            when ranged.upper_value is null then {{ short_number('ranged.lower_value') }} || '+'
            when ranged.metric = 'monetary'
                then
                    {{ short_number('ranged.lower_value') }} || '–'
                    || {{ short_number('ranged.upper_value') }}
            when ranged.upper_value = ranged.lower_value + 1
                then {{ short_number('ranged.lower_value') }}
            else
                {{ short_number('ranged.lower_value') }} || '–'
                || {{ short_number('ranged.upper_value - 1') }}
        end as bin_label,
        cast(ranged.lower_value as numeric(24, 4)) as lower_value,
        cast(ranged.upper_value as numeric(24, 4)) as upper_value,
        ranged.customer_count,
        cast(ranged.customer_count / ranged.total_count as numeric(18, 6)) as customer_ratio,
        as_of.business_date
    from ranged
    cross join as_of
    where ranged.up_to_here > 0 and ranged.from_here > 0
)

select * from final
