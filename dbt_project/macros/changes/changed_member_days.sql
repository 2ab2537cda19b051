{% macro changed_member_days() -%}
    {{ told('purchases', 'business_date+customer_id') }}
{%- endmacro %}


{#- For a CTE: of each customer the last day that stands before those to build. -#}
{% macro and_earlier_days() -%}
    union all
    select
        changed_keys.key as customer_id,
        max(stood.business_date) as business_date
    from changed_keys
    inner join {{ this }} as stood
        on changed_keys.key = stood.customer_id and changed_keys.since > stood.business_date
    group by changed_keys.key
{%- endmacro %}
