{{ config(materialized='view') }}

with

checks as (
    select * from {{ ref('dq_checks') }}
),

days as (
    select * from {{ ref('dq_days') }}
),

batches as (
    select
        batch_id,
        rows_malformed
    from {{ source('ops', 'load_batches') }}
),

-- Rules that are one check together, such as the two ways to be a duplicate, lose their column.
results as (
    select
        results.batch_id,
        results.data_set,
        results.delivered_date as score_date,
        results.dimension,
        coalesce(checks.check_id, results.rule_id) as check_id,
        case
            when coalesce(checks.check_id, results.rule_id) = results.rule_id
                then results.column_name
            else ''
        end as column_name,
        coalesce(checks.weight, 1) as weight,
        coalesce(checks.is_critical, false) as is_critical,
        results.rows_evaluated,
        results.rows_failed
    from {{ ref('dq_rule_results') }} as results
    left join checks on results.rule_id = checks.rule_id
    where results.rule_id <> 'malformed_line'
),

-- What is not even a record passes no check of validity.
batch_checks as (
    select
        results.data_set,
        results.score_date,
        results.dimension,
        results.check_id,
        results.column_name,
        max(results.weight) as weight,
        bool_or(results.is_critical) as is_critical,
        max(results.rows_evaluated)
        + max(case when results.dimension = 'validity' then batches.rows_malformed else 0 end)
            as rows_evaluated,
        least(sum(results.rows_failed), max(results.rows_evaluated))
        + max(case when results.dimension = 'validity' then batches.rows_malformed else 0 end)
            as rows_failed
    from results
    inner join batches on results.batch_id = batches.batch_id
    group by
        results.batch_id,
        results.data_set,
        results.score_date,
        results.dimension,
        results.check_id,
        results.column_name
),

checked as (
    select
        data_set,
        score_date,
        dimension,
        check_id,
        column_name,
        max(weight) as weight,
        bool_or(is_critical) as is_critical,
        sum(rows_evaluated) as rows_evaluated,
        sum(rows_failed) as rows_failed,
        1 - cast(sum(rows_failed) as numeric) / sum(rows_evaluated) as pass_ratio
    from batch_checks
    group by data_set, score_date, dimension, check_id, column_name
    having sum(rows_evaluated) > 0
    union all
    select
        days.data_set,
        days.score_date,
        'timeliness' as dimension,
        'freshness' as check_id,
        '' as column_name,
        coalesce(checks.weight, 1) as weight,
        coalesce(checks.is_critical, false) as is_critical,
        0 as rows_evaluated,
        0 as rows_failed,
        -- 1 up to the limit, 0 from twice the limit on, a line between.
        case
            when days.age_days <= days.sla_days then 1
            else greatest(0, 2 - cast(days.age_days as numeric) / nullif(days.sla_days, 0))
        end as pass_ratio
    from days
    left join checks on checks.rule_id = 'freshness'
    where days.sla_days is not null and days.age_days is not null
),

final as (
    select
        data_set,
        score_date,
        dimension,
        check_id,
        column_name,
        is_critical,
        cast(weight as numeric(9, 4)) as weight,
        cast(rows_evaluated as bigint) as rows_evaluated,
        cast(rows_failed as bigint) as rows_failed,
        cast(pass_ratio as numeric(21, 20)) as pass_ratio
    from checked
)

select * from final
