{#- Tells the database what the columns of a table hold (meta `classification` and `kind`): who may read them,
    and how, follows from that (privacy.open_table, docs/privacy.md), in the transaction that builds the
    table. meta `group_size` names the column that counts the customers of a group. Only prod is read
    by others. -#}
{% macro open_to_roles() -%}
    {%- if target.name == 'prod' and execute -%}
        {%- set columns = [] -%}
        {%- for column in model.columns.values() -%}
            {%- set meta = column.config.meta -%}
            {%- do columns.append({
                'name': column.name, 'classification': meta.get('classification'), 'kind': meta.get('kind')
            }) -%}
        {%- endfor -%}
        {%- set group_size = model.config.meta.get('group_size') -%}
        select privacy.open_table(
            '{{ this.schema }}', '{{ this.identifier }}', '{{ tojson(columns) }}',
            {{ "'" ~ group_size ~ "'" if group_size else 'null' }}
        )
    {%- endif -%}
{%- endmacro %}
