{#- What dbt writes as `create table (...); insert into ... select`, as one `create table as`: only that
    reads and reckons with several processes. Columns have the contract's order, type and precision, and are
    not null where it says so; that the query's own columns are these, dbt's own macro checks where a
    table is made for the first time, in full refreshes and in other targets: it has the server plan
    the query twice (docs/decisions/0014). -#}
{% macro create_table(existing, relation, sql) -%}
    {%- if not config.get('contract').enforced -%}
        {{ return(get_create_table_as_sql(False, relation, sql)) }}
    {%- endif -%}
    {%- if existing is none or flags.FULL_REFRESH or target.name != 'prod' -%}
        {{ get_assert_columns_equivalent(sql) }}
    {%- endif %}
    create table {{ relation }} as
    select {{ contracted_columns() }}
    from (
        {{ sql }}
    ) as model;
    {%- set required = [] -%}
    {%- for column in model['columns'].values() -%}
        {%- for constraint in column['constraints'] -%}
            {%- if constraint['type'] != 'not_null' -%}
                {{ exceptions.raise_compiler_error(
                    model['name'] ~ '.' ~ column['name'] ~ ': of constraints only not_null is known'
                ) }}
            {%- endif -%}
            {%- do required.append('alter column ' ~ column['name'] ~ ' set not null') -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- if required %}
    alter table {{ relation }} {{ required | join(', ') }};
    {%- endif -%}
{%- endmacro %}


{#- The columns of a model as its contract has them. -#}
{% macro contracted_columns() -%}
    {% for column in model['columns'].values() -%}
        cast({{ column['name'] }} as {{ column['data_type'] }}) as {{ column['name'] }}
        {{- ', ' if not loop.last }}
    {%- endfor %}
{%- endmacro %}
