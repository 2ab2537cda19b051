{#- The rows of a model to sum up, each with its `sign`. -#}
{% macro summed_rows(name) -%}
    /*summed*/ (select *, 1 as sign from {{ ref(name) }}) /*whole*/
{%- endmacro %}


{#- A query of the rows that a model has told since this one was built: those that came, with the `sign` 1,
    and those that went, with -1. -#}
{% macro told_rows(name) -%}
    select
        rows.*,
        case changes.column_name when 'came' then 1 else -1 end as sign
    from ops.row_changes as changes
    cross join lateral jsonb_populate_record(
        null::{{ graph.nodes['model.' ~ project_name ~ '.' ~ name].relation_name }},
        cast(changes.key as jsonb)
    ) as rows
    where
        changes.model = '{{ name }}'
        and changes.column_name in ('came', 'went')
        and changes.change_id > (
            select builds.change_id from ops.row_builds as builds
            where builds.model = '{{ model.name }}'
        )
{%- endmacro %}


{#- The query of a model with the rows that came and went since it was built, in place of all. -#}
{% macro sql_of_differences(sql) -%}
    {%- set told = regrouped_rows() if config.get('groups') else told_rows(config.require('of')) -%}
    {%- set differences = '(' ~ told ~ ')' -%}
    {{ return(modules.re.sub('/\*summed\*/.*?/\*whole\*/', differences, sql, flags=modules.re.S)) }}
{%- endmacro %}


{#- Tells the rows that came and went (`differing`) as they are; where the config `tells_rows` names
    columns, these alone, and only of rows that differ in them. -#}
{% macro tell_rows() -%}
    {%- set columns = config.require('tells_rows') -%}
    {%- if columns is not boolean -%}
    insert into ops.row_changes (model, column_name, key)
    {%- for name, these, those in [
        ('came', 'differing.is_new', 'not differing.is_new'),
        ('went', 'not differing.is_new', 'differing.is_new'),
    ] %}
    select
        '{{ model.name }}',
        '{{ name }}',
        cast(to_jsonb(told) as text)
    from (
        select {{ columns | join(', ') }} from differing where {{ these }}
        except all
        select {{ columns | join(', ') }} from differing where {{ those }}
    ) as told
    {{ 'union all' if not loop.last else ';' }}
    {%- endfor %}
    {%- else -%}
    insert into ops.row_changes (model, column_name, key)
    select
        '{{ model.name }}',
        case when differing.is_new then 'came' else 'went' end,
        cast(to_jsonb(differing) - 'is_new' - 'place' as text)
    from differing;
    {%- endif %}
{%- endmacro %}
