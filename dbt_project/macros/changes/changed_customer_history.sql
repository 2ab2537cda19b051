{#- Customers of files that have come or gone, or of whom a version has come into view; all of them where
    another delivery is the first: it says who was there from the beginning. -#}
{% macro changed_customer_history() -%}
    {{ told('customer_deliveries', 'customer_id') }}
    union all
    select deliveries.customer_id
    from {{ ref('customer_deliveries') }} as deliveries
    where
        deliveries.version_date > {{ built_date() }}
        and deliveries.version_date <= (select as_of.business_date from {{ ref('as_of') }} as as_of)
    union all
    select deliveries.customer_id
    from {{ ref('customer_deliveries') }} as deliveries
    where
        not exists (
            select from {{ this }} as stood
            where
                stood.is_first_delivery
                and stood._batch_id in (
                    select delivered._batch_id
                    from {{ ref('customer_deliveries') }} as delivered
                    inner join ({{ first_delivery() }}) as first_delivery
                        on
                            delivered._arrival_date is not distinct from first_delivery._arrival_date
                            and delivered._file_date is not distinct from first_delivery._file_date
                )
        )
{%- endmacro %}


{#- A query of the dates that the first delivery of customers carries. -#}
{% macro first_delivery() -%}
    select
        _arrival_date,
        _file_date
    from {{ ref('customer_deliveries') }}
    order by _arrival_date asc, _file_date asc nulls first
    limit 1
{%- endmacro %}


{#- The condition that a record is about a customer to build. `is true` keeps it a look-up for each record: as a
    join of two columns it was planned for five records, and all of a file was read for each of 2,457. -#}
{% macro of_changed_customers_records() -%}
    {%- if flags is not defined or not execute or model.resource_type != 'model'
        or flags.WHICH not in ('run', 'build') -%}
        true
    {%- else -%}
        /*changed*/ (
            (_batch_id, _row_number) in (
                select
                    deliveries._batch_id,
                    deliveries._row_number
                from {{ ref('customer_deliveries') }} as deliveries
                inner join changed_keys on deliveries.customer_id = changed_keys.key
            )
        ) is true /*end*/
    {%- endif -%}
{%- endmacro %}
