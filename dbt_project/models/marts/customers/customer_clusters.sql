with

scores as (
    select
        customer_id,
        cluster_number,
        business_date
    from {{ source('ops', 'customer_scores') }}
    where cluster_number is not null
),

customers as (
    select customer_id from {{ ref('customers') }}
),

final as (
    select
        scores.customer_id,
        scores.cluster_number,
        'Cluster ' || scores.cluster_number as cluster_name,
        scores.business_date
    from scores
    inner join customers on scores.customer_id = customers.customer_id
)

select * from final
