{#- The business date, the one before, and month ends of which the measures of anybody have changed. -#}
{% macro changed_state_thresholds() -%}
    {{ told('state_measures', 'state_date') }}
    union all
    select cast(({{ as_of_date() }}) as text)
    union all
    select cast(builds.business_date as text) from ops.row_builds as builds
    where builds.model = '{{ model.name }}'
{%- endmacro %}
