-- dbt does not know what the published date follows from.
{{ config(stands=false) }}
{%- set given = var('business_date', none) -%}
{%- set business_date = "date '" ~ given ~ "'" if given else 'ops.published_business_date()' -%}
select {{ business_date }} as business_date
