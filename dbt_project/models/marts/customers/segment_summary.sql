with

members as (
    select
        memberships.scheme,
        memberships.segment,
        customer_details.customer_id,
        customer_details.monetary,
        customer_details.total_loyalty_points,
        customer_details.recency_days,
        -- Whoever never bought has no measures of RFM.
        case when customer_details.recency_days is not null then customer_details.frequency end
            as bought_frequency,
        case when customer_details.recency_days is not null then customer_details.monetary end
            as bought_monetary
    from {{ ref('customer_details') }} as customer_details
    cross join lateral (
        values
        ('loyalty', customer_details.segment_id),
        ('value_engagement', customer_details.value_segment)
    ) as memberships (scheme, segment)
),

all_segments as (
    select
        'loyalty' as scheme,
        segment_id as segment,
        segment_name,
        null as strategy,
        null as action,
        precedence as position
    from {{ ref('loyalty_segments') }}
    union all
    select
        'value_engagement' as scheme,
        value_segment as segment,
        value_segment as segment_name,
        strategy,
        action,
        row_number() over (
            order by
                array_position(array['High Value', 'Growing Value', 'Base Value'], value_tier),
                engagement_status collate "C"
        ) as position
    from {{ ref('value_engagement_segments') }}
    union all
    select
        'value_engagement' as scheme,
        'Prospect' as segment,
        'Prospect' as segment_name,
        null as strategy,
        null as action,
        99 as position
),

final as (
    select
        all_segments.scheme,
        all_segments.segment,
        all_segments.segment_name,
        all_segments.strategy,
        all_segments.action,
        cast(all_segments.position as integer) as position,
        count(members.customer_id) as customer_count,
        coalesce(
            round(
                count(members.customer_id)
                / nullif(
                    sum(count(members.customer_id)) over (partition by all_segments.scheme), 0
                ),
                6
            ),
            0
        ) as customer_ratio,
        coalesce(sum(members.monetary), 0) as revenue_amount,
        coalesce(
            round(
                sum(members.monetary)
                / nullif(sum(sum(members.monetary)) over (partition by all_segments.scheme), 0),
                6
            ),
            0
        ) as revenue_ratio,
        round(avg(members.recency_days), 6) as mean_recency_days,
        {{ median('members.recency_days') }} as median_recency_days,
        round(avg(members.bought_frequency), 6) as mean_frequency,
        {{ median('members.bought_frequency') }} as median_frequency,
        round(avg(members.bought_monetary), 4) as mean_monetary,
        {{ median('members.bought_monetary') }} as median_monetary,
        cast(coalesce(sum(members.total_loyalty_points), 0) as bigint) as available_points
    from all_segments
    left join members
        on all_segments.scheme = members.scheme and all_segments.segment = members.segment
    group by
        all_segments.scheme,
        all_segments.segment,
        all_segments.segment_name,
        all_segments.strategy,
        all_segments.action,
        all_segments.position
)

select * from final
