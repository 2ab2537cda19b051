{{ config(tags=['daily']) }}
select
    segment_summary.scheme,
    sum(segment_summary.customer_count) as customer_count
from {{ ref('segment_summary') }} as segment_summary
group by segment_summary.scheme
having sum(segment_summary.customer_count) <> (select count(*) from {{ ref('customers') }})
