{#- The descriptions of a model as comments in the database, as one text of statements. One of a
    column that the model does not have is an error. -#}
{% macro comments(relation) -%}
    {%- if config.persist_relation_docs() and model.description -%}
    comment on {{ relation.type }} {{ relation }} is {{ postgres_escape_comment(model.description) }};
    {%- endif -%}
    {%- if config.persist_column_docs() -%}
        {%- for column in model.columns.values() %}
    comment on column {{ relation }}.{{ adapter.quote(column.name) }}
        is {{ postgres_escape_comment(column.description) }};
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}


{#- What dbt calls for views and seeds: its own asks for the columns of each first. -#}
{% macro postgres__persist_docs(relation, model, for_relation, for_columns) -%}
    {%- set statements = comments(relation) -%}
    {%- if statements | trim -%}
        {%- do run_query(statements) -%}
    {%- endif -%}
{%- endmacro %}
