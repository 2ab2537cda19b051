{#- A view takes the place of the old one in one statement, with what hangs on it left as it is; only where
    its columns are others, it and the views upon it are made anew. dbt's own makes it aside, renames both and
    drops the old one, each with a round trip and a context of its own (docs/decisions/0014). -#}
{% materialization view, adapter='postgres' %}
    {%- set existing = load_cached_relation(this) -%}
    {%- set target = this.incorporate(type='view') -%}

    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}

    {%- if existing is not none and not existing.is_view -%}
        {%- do adapter.drop_relation(existing) -%}
        {%- set existing = none -%}
    {%- endif -%}
    {%- call statement('main') -%}
        {%- if existing is none -%}
            {{ get_create_view_as_sql(target, sql) }}
        {%- else -%}
            do $replace$
            begin
                create or replace view {{ target }} as (
                    {{ sql }}
                );
            exception when invalid_table_definition then
                drop view {{ target }} cascade;
                {{ get_create_view_as_sql(target, sql) }}
            end
            $replace$;
        {%- endif %}
        {{ comments(target) }}
        {% for hook in post_hooks | selectattr('transaction') -%}
            {{ render(hook.sql) | trim }};
        {% endfor %}
    {%- endcall -%}
    {%- do apply_grants(target, config.get('grants'), should_revoke=False) -%}

    {%- do adapter.commit() -%}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target]}) }}
{% endmaterialization %}
