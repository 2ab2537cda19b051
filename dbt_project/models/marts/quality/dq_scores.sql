-- score = 100 x sum(W_d D_d) / sum(W_d) over the dimensions assessed on the day;
-- D_d = sum(w_c p_c) / sum(w_c); p_c = 1 - failing / evaluated rows (docs/data_quality.md).
with

days as (
    select * from {{ ref('dq_days') }}
),

weights as (
    select * from {{ ref('dq_weights') }}
),

dimensions as (
    select
        data_set,
        score_date,
        dimension,
        sum(weight * pass_ratio) / nullif(sum(weight), 0) as pass_ratio,
        count(*) as check_count,
        count(*) filter (where pass_ratio < 1) as failed_check_count,
        max(rows_evaluated) as rows_evaluated,
        (array_agg(
            check_id order by pass_ratio asc, check_id collate "C" asc, column_name collate "C" asc
        ))[1] as worst_check_id,
        (array_agg(
            column_name
            order by pass_ratio asc, check_id collate "C" asc, column_name collate "C" asc
        ))[1] as worst_column_name,
        min(pass_ratio) as worst_pass_ratio,
        bool_or(is_critical and pass_ratio < 1) as is_critical_failed
    from {{ ref('dq_check_results') }}
    group by data_set, score_date, dimension
),

weighted as (
    select
        days.data_set,
        days.score_date,
        weights.dimension,
        coalesce(own_weights.weight, weights.weight) as weight,
        dimensions.pass_ratio,
        coalesce(dimensions.check_count, 0) as check_count,
        coalesce(dimensions.failed_check_count, 0) as failed_check_count,
        coalesce(dimensions.rows_evaluated, 0) as rows_evaluated,
        dimensions.worst_check_id,
        dimensions.worst_column_name,
        dimensions.worst_pass_ratio,
        coalesce(dimensions.is_critical_failed, false) as is_critical_failed
    from days
    inner join weights on weights.data_set = 'all'
    left join weights as own_weights
        on
            days.data_set = own_weights.data_set
            and weights.dimension = own_weights.dimension
    left join dimensions
        on
            days.data_set = dimensions.data_set
            and days.score_date = dimensions.score_date
            and weights.dimension = dimensions.dimension
),

-- Where no row was evaluated on a day its freshness alone makes no score.
overall as (
    select
        data_set,
        score_date,
        'all' as dimension,
        sum(weight) filter (where pass_ratio is not null) as weight,
        case
            when max(rows_evaluated) > 0
                then
                    sum(weight * pass_ratio)
                    / nullif(sum(weight) filter (where pass_ratio is not null), 0)
        end as pass_ratio,
        sum(check_count) as check_count,
        sum(failed_check_count) as failed_check_count,
        max(rows_evaluated) as rows_evaluated,
        (array_agg(
            worst_check_id order by worst_pass_ratio asc nulls last, dimension collate "C" asc
        ))[1] as worst_check_id,
        (array_agg(
            worst_column_name order by worst_pass_ratio asc nulls last, dimension collate "C" asc
        ))[1] as worst_column_name,
        min(worst_pass_ratio) as worst_pass_ratio,
        bool_or(is_critical_failed) as is_critical_failed
    from weighted
    group by data_set, score_date
),

scored as (
    select * from weighted
    union all
    select * from overall
),

final as (
    select
        scored.data_set,
        scored.score_date,
        scored.dimension,
        case
            when overall.is_critical_failed or days.is_held or days.is_refused then 'FAIL'
            when overall.pass_ratio is not null and days.target_score > 100 * overall.pass_ratio
                then 'BELOW TARGET'
            when overall.pass_ratio is not null then 'PASS'
            when days.is_delivered then 'NOT ASSESSED'
            when days.age_days > days.sla_days then 'LATE'
            else 'NO DELIVERY'
        end as status,
        days.check_schedule,
        scored.worst_check_id,
        nullif(scored.worst_column_name, '') as worst_column_name,
        cast(100 * scored.pass_ratio as numeric(7, 4)) as score,
        days.target_score,
        cast(scored.weight as numeric(9, 4)) as weight,
        cast(scored.worst_pass_ratio as numeric(9, 6)) as worst_pass_ratio,
        cast(scored.check_count as integer) as check_count,
        cast(scored.failed_check_count as integer) as failed_check_count,
        cast(scored.rows_evaluated as bigint) as rows_evaluated,
        days.age_days
    from scored
    inner join overall
        on scored.data_set = overall.data_set and scored.score_date = overall.score_date
    inner join days on scored.data_set = days.data_set and scored.score_date = days.score_date
)

select * from final
