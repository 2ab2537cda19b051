-- Months as published against what is reckoned now: late and corrected deliveries show here.
with

as_of as (
    select business_date from {{ ref('as_of') }}
),

-- Marts of a day before the end of a month say nothing about it.
closings as (
    select distinct on (closed_months.month)
        closed_months.closing_id,
        closed_months.month,
        closed_months.opening_balance,
        closed_months.closed_at
    from {{ source('ops', 'closed_months') }} as closed_months
    inner join as_of
        on cast(closed_months.month + interval '1 month' as date) - 1 <= as_of.business_date
    order by closed_months.month asc, closed_months.closing_id desc
),

months as (
    select
        cast(date_trunc('month', points_ledger.business_date) as date) as month,
        points_ledger.entry_type,
        points_ledger._batch_id,
        sum(points_ledger.points) as points,
        count(*) as entry_count
    from {{ ref('points_ledger') }} as points_ledger
    where
        points_ledger.business_date
        < (select max(closings.month) + interval '1 month' from closings)
    group by
        date_trunc('month', points_ledger.business_date),
        points_ledger.entry_type,
        points_ledger._batch_id
),

figures as (
    select
        closings.month,
        published.entry_type,
        published.batch_id as _batch_id,
        published.points as published_points,
        published.entry_count as published_entry_count,
        0 as points_now,
        0 as entry_count_now
    from closings
    inner join {{ source('ops', 'closed_month_figures') }} as published
        on closings.closing_id = published.closing_id
    union all
    select
        closings.month,
        months.entry_type,
        months._batch_id,
        0 as published_points,
        0 as published_entry_count,
        months.points as points_now,
        months.entry_count as entry_count_now
    from closings
    inner join months on closings.month = months.month
    union all
    select
        closings.month,
        'BALANCE_BEFORE' as entry_type,
        null as _batch_id,
        closings.opening_balance as published_points,
        0 as published_entry_count,
        coalesce(sum(months.points), 0) as points_now,
        0 as entry_count_now
    from closings
    left join months on closings.month > months.month
    group by closings.month, closings.opening_balance
),

compared as (
    select
        month,
        entry_type,
        _batch_id,
        sum(published_points) as published_points,
        sum(points_now) as points_now,
        sum(published_entry_count) as published_entry_count,
        sum(entry_count_now) as entry_count_now
    from figures
    group by month, entry_type, _batch_id
),

final as (
    select
        {{ content_hash(['compared.month', 'compared.entry_type', 'compared._batch_id']) }}
            as restatement_id,
        compared.month,
        compared.entry_type,
        load_batches.source_file,
        compared.published_points <> compared.points_now
        or compared.published_entry_count <> compared.entry_count_now as is_restated,
        cast(compared.published_points as bigint) as published_points,
        cast(compared.points_now as bigint) as points_now,
        cast(compared.points_now - compared.published_points as bigint) as difference_points,
        cast(compared.published_entry_count as bigint) as published_entry_count,
        cast(compared.entry_count_now as bigint) as entry_count_now,
        closings.closed_at,
        compared._batch_id
    from compared
    inner join closings on compared.month = closings.month
    left join {{ source('ops', 'load_batches') }} as load_batches
        on compared._batch_id = load_batches.batch_id
)

select * from final
