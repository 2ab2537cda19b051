with

stretches as (
    select
        valid_from as business_date,
        lag(tier) over (partition by customer_id order by valid_from) as tier_before,
        lag(tier_rank) over (partition by customer_id order by valid_from) as rank_before,
        tier as tier_after,
        tier_rank as rank_after
    from {{ ref('tier_history') }}
),

final as (
    select
        business_date,
        tier_before,
        tier_after,
        rank_after > rank_before as is_upgrade,
        count(*) as customer_count
    from stretches
    where tier_before is not null and tier_before <> tier_after
    group by business_date, tier_before, tier_after, rank_after > rank_before
)

select * from final
