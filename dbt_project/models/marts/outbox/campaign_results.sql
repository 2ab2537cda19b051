{%- set means = [
    'visit_ratio', 'conversion_ratio', 'mean_amount',
    'visit_variance', 'conversion_variance', 'amount_variance',
] -%}
-- Written to against held out, all who were drawn for an arm, whether the letter arrived or not.
-- The interval is that of two independent means (Welch).
with

outcomes as (
    select * from {{ ref('campaign_outcomes') }}
),

campaigns as (
    select distinct on (campaign_id)
        campaign_id,
        title,
        category
    from {{ source('ops', 'campaign_exports') }}
    order by campaign_id asc, export_id desc
),

in_segments as (
    select
        campaign_id,
        case when grouping(value_segment) = 1 then 'All' else value_segment end as segment,
        arm,
        count(*) as member_count,
        count(*) filter (where has_visited) as visited_count,
        count(*) filter (where has_bought) as bought_count,
        count(*) filter (where has_redeemed) as redeemed_count,
        count(*) filter (where has_bought_again) as bought_again_count,
        sum(net_amount) as net_amount,
        avg(cast(has_visited as integer)) as visit_ratio,
        avg(cast(has_bought as integer)) as conversion_ratio,
        avg(net_amount) as mean_amount,
        var_samp(cast(has_visited as integer)) / count(*) as visit_variance,
        var_samp(cast(has_bought as integer)) / count(*) as conversion_variance,
        var_samp(net_amount) / count(*) as amount_variance,
        min(first_date) as first_date,
        max(last_date) as last_date
    from outcomes
    group by grouping sets ((campaign_id, value_segment, arm), (campaign_id, arm))
),

sides as (
    select
        campaign_id,
        segment,
        sum(member_count) as selected_count,
        coalesce(sum(member_count) filter (where arm = 'excluded'), 0) as excluded_count,
        {%- for arm in ('treated', 'holdout') %}
        {%- for name in ('member', 'visited', 'bought', 'redeemed', 'bought_again') %}
        coalesce(sum({{ name }}_count) filter (where arm = '{{ arm }}'), 0)
            as {{ arm }}_{{ name }}_count,
        {%- endfor %}
        coalesce(sum(net_amount) filter (where arm = '{{ arm }}'), 0) as {{ arm }}_net_amount,
        {%- for name in means %}
        sum({{ name }}) filter (where arm = '{{ arm }}') as {{ arm }}_{{ name }},
        {%- endfor %}
        {%- endfor %}
        min(first_date) as first_date,
        max(last_date) as last_date
    from in_segments
    group by campaign_id, segment
),

measured as (
    select
        sides.campaign_id,
        sides.segment,
        measures.measure,
        measures.treated - measures.holdout as lift,
        sqrt(measures.treated_variance + measures.holdout_variance) as standard_error,
        power(measures.treated_variance + measures.holdout_variance, 2)
        / nullif(
            power(measures.treated_variance, 2) / nullif(sides.treated_member_count - 1, 0)
            + power(measures.holdout_variance, 2) / nullif(sides.holdout_member_count - 1, 0),
            0
        ) as degrees_of_freedom
    from sides
    cross join
        lateral (
            values
            (
                'visit',
                sides.treated_visit_ratio,
                sides.holdout_visit_ratio,
                sides.treated_visit_variance,
                sides.holdout_visit_variance
            ),
            (
                'conversion',
                sides.treated_conversion_ratio,
                sides.holdout_conversion_ratio,
                sides.treated_conversion_variance,
                sides.holdout_conversion_variance
            ),
            (
                'amount',
                sides.treated_mean_amount,
                sides.holdout_mean_amount,
                sides.treated_amount_variance,
                sides.holdout_amount_variance
            )
        ) as measures (measure, treated, holdout, treated_variance, holdout_variance)
),

quantiles as (
    select
        degrees_of_freedom,
        lead(degrees_of_freedom) over (order by degrees_of_freedom) as next_degrees,
        t_quantile
    from {{ ref('t_quantiles') }}
),

intervals as (
    select
        measured.*,
        measured.lift - quantiles.t_quantile * measured.standard_error as low,
        measured.lift + quantiles.t_quantile * measured.standard_error as high
    from measured
    left join quantiles
        on
            measured.degrees_of_freedom >= quantiles.degrees_of_freedom
            and (
                measured.degrees_of_freedom < quantiles.next_degrees
                or quantiles.next_degrees is null
            )
),

lifts as (
    select
        campaign_id,
        segment,
        {%- for measure in ('visit', 'conversion', 'amount') %}
        max(lift) filter (where measure = '{{ measure }}') as {{ measure }}_lift,
        max(low) filter (where measure = '{{ measure }}') as {{ measure }}_lift_low,
        max(high) filter (where measure = '{{ measure }}') as {{ measure }}_lift_high
        {%- if not loop.last %},{% endif %}
        {%- endfor %}
    from intervals
    group by campaign_id, segment
),

final as (
    select
        sides.campaign_id,
        sides.segment,
        campaigns.title,
        campaigns.category,
        case
            when sides.holdout_member_count = 0 then 'no control group'
            when lifts.conversion_lift_low > 0 then 'works'
            when lifts.conversion_lift_high < 0 then 'does harm'
            when lifts.conversion_lift_low is null then 'too early or too few to tell'
            else 'no effect shown'
        end as verdict,
        cast(sides.selected_count as bigint) as selected_count,
        cast(sides.excluded_count as bigint) as excluded_count,
        {%- for arm in ('treated', 'holdout') %}
        cast(sides.{{ arm }}_member_count as bigint) as {{ arm }}_count,
        {%- for name in ('visited', 'bought', 'redeemed', 'bought_again') %}
        cast(sides.{{ arm }}_{{ name }}_count as bigint) as {{ arm }}_{{ name }}_count,
        {%- endfor %}
        cast(sides.{{ arm }}_net_amount as numeric(24, 4)) as {{ arm }}_net_amount,
        cast(sides.{{ arm }}_visit_ratio as numeric(18, 6)) as {{ arm }}_visit_ratio,
        cast(sides.{{ arm }}_conversion_ratio as numeric(18, 6)) as {{ arm }}_conversion_ratio,
        cast(sides.{{ arm }}_mean_amount as numeric(24, 6)) as {{ arm }}_mean_amount,
        {%- endfor %}
        {%- for measure in ('visit', 'conversion', 'amount') %}
        cast(lifts.{{ measure }}_lift as numeric(24, 6)) as {{ measure }}_lift,
        cast(lifts.{{ measure }}_lift_low as numeric(24, 6)) as {{ measure }}_lift_low,
        cast(lifts.{{ measure }}_lift_high as numeric(24, 6)) as {{ measure }}_lift_high,
        {%- endfor %}
        cast(lifts.amount_lift * sides.treated_member_count as numeric(24, 4))
            as incremental_amount,
        sides.first_date,
        sides.last_date
    from sides
    inner join campaigns on sides.campaign_id = campaigns.campaign_id
    inner join lifts on sides.campaign_id = lifts.campaign_id and sides.segment = lifts.segment
)

select * from final
