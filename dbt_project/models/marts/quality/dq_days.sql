{{ config(materialized='view') }}

with

targets as (
    select * from {{ ref('dq_targets') }}
),

batches as (
    select
        batch_id,
        data_set,
        source_file,
        status,
        last_business_date,
        {{ delivered_date() }} as score_date
    from {{ source('ops', 'load_batches') }}
    where status in ('validated', 'held', 'failed') and data_set <> 'folder'
),

-- A file that was refused stops counting once the same path was loaded.
refused as (
    select
        batches.data_set,
        batches.score_date
    from batches
    where
        batches.status = 'failed'
        and not exists (
            select 1 as is_mended
            from batches as later
            where
                later.data_set = batches.data_set
                and later.source_file = batches.source_file
                and later.status <> 'failed'
                and later.batch_id > batches.batch_id
        )
),

first_days as (
    select
        data_set,
        min(score_date) as first_date
    from batches
    group by data_set
),

delivered as (
    select
        data_set,
        score_date,
        bool_or(status = 'held') as is_held,
        max(coalesce(last_business_date, score_date))
        filter (where status = 'validated') as newest_date
    from batches
    where status <> 'failed'
    group by data_set, score_date
),

every_day as (
    select distinct score_date from batches
),

-- Every day on which the warehouse received anything, from a data set's first delivery on.
days as (
    select
        first_days.data_set,
        every_day.score_date,
        delivered.score_date is not null as is_delivered,
        coalesce(delivered.is_held, false) as is_held,
        -- Of what was delivered up to the day, the newest business date.
        max(delivered.newest_date) over (
            partition by first_days.data_set order by every_day.score_date
        ) as newest_date
    from first_days
    inner join every_day on first_days.first_date <= every_day.score_date
    left join delivered
        on
            first_days.data_set = delivered.data_set
            and every_day.score_date = delivered.score_date
),

final as (
    select
        days.data_set,
        days.score_date,
        targets.check_schedule,
        days.is_delivered,
        days.is_held,
        exists(
            select 1 as is_refused
            from refused
            where refused.data_set = days.data_set and refused.score_date = days.score_date
        ) as is_refused,
        cast(targets.target_score as numeric(7, 4)) as target_score,
        targets.sla_days,
        greatest(days.score_date - days.newest_date, 0) as age_days,
        days.newest_date
    from days
    left join targets on days.data_set = targets.data_set
)

select * from final
