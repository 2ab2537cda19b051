-- Postings worked off one customer at a time: which lots they moved, and what expired between them
-- (docs/points.md, ops.fold_points). A credit is told only for what it repaid of a debt.
{{ config(
    materialized='by_customer', tags=['accounts'], indexes=[{'columns': ['customer_id']}],
    tells_rows=[
        'posting_number', 'lot_number', 'entry_type', 'points', 'lot_date', 'business_date'
    ]
) }}
with

-- Where nothing was taken and nothing has expired, there is nothing to work off.
accounts as (
    select
        postings.customer_id,
        as_of.business_date,
        array_agg(postings.entry_type order by postings.posting_number) as entry_types,
        array_agg(cast(postings.step as smallint) order by postings.posting_number) as steps,
        array_agg(postings.business_date order by postings.posting_number) as days,
        array_agg(postings.points order by postings.posting_number) as amounts,
        array_agg(postings.link order by postings.posting_number) as links,
        array_agg(postings.valid_through order by postings.posting_number) as valid_throughs,
        array_agg(postings.released_on order by postings.posting_number) as released_days
    from {{ ref('points_postings') }} as postings
    cross join {{ ref('as_of') }} as as_of
    where {{ of_changed('postings.customer_id') }}
    group by postings.customer_id, as_of.business_date
    having bool_or(postings.points < 0) or min(postings.valid_through) < as_of.business_date
),

final as (
    select
        accounts.customer_id,
        moved.posting as posting_number,
        moved.lot as lot_number,
        case
            when moved.is_expiry then 'EXPIRE' else accounts.entry_types[moved.posting]
        end as entry_type,
        moved.points,
        moved.repaid as repaid_points,
        case when moved.lot > 0 then accounts.days[moved.lot] end as lot_date,
        moved.day as business_date
    from accounts
    cross join lateral ops.fold_points(
        accounts.steps,
        accounts.days,
        accounts.amounts,
        accounts.links,
        accounts.valid_throughs,
        accounts.released_days,
        accounts.business_date
    ) as moved
)

select * from final
