with

final as (
    select
        business_date,
        tier,
        cast(
            sum(sum(net_points)) over (partition by tier order by business_date) as bigint
        ) as closing_balance
    from {{ ref('points_flows') }}
    group by business_date, tier
)

select * from final
