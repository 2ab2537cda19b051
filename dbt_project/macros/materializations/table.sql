{#- A table is made aside, then takes the place of the old one, all in one transaction, as dbt's own
    materialization does; but in two statements, where that needs ten to twenty, each with its
    round trip and its events. Half the time of a small model went there (docs/decisions/0014).
    Where the config `tells` keys, those whose rows differ are told to who follows (docs/decisions/0032). -#}
{% materialization table, adapter='postgres' %}
    {%- set is_telling = target.name == 'prod' and config.get('tells') is not none -%}
    {%- set existing = load_cached_relation(this) -%}
    {%- set target = this.incorporate(type='table') -%}

    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}

    {%- do replace_table(existing, target, sql, is_telling) -%}

    {%- do adapter.commit() -%}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target]}) }}
{% endmaterialization %}


{#- Makes `target` anew; hooks after it, that belong to the transaction, included. `is_telling`: and tells the
    keys whose rows differ. -#}
{% macro replace_table(existing, target, sql, is_telling=False) -%}
    {%- set made = make_intermediate_relation(target) -%}
    {{ drop_relation_if_exists(load_cached_relation(made)) }}
    {%- call statement('main') -%}
        {# Whoever records the build, in ops, waits for the disk: for all that came before. -#}
        set local synchronous_commit = off;
        {{ create_table(existing, made, sql) }}
    {%- endcall -%}
    {%- do create_indexes(made) -%}
    {%- if is_telling -%}
        {%- call statement('tell') -%}
            {{ tell_differences(target, made) if has_told_columns(existing) else tell_all() }}
        {%- endcall -%}
    {%- endif -%}
    {%- if existing is not none and not existing.is_table -%}
        {%- do adapter.drop_relation(existing) -%}
    {%- endif -%}
    {%- call statement('swap') -%}
        drop table if exists {{ target }} cascade;
        alter table {{ made }} rename to {{ adapter.quote(target.identifier) }};
        {{ comments(target) }}
        {% for hook in post_hooks | selectattr('transaction') -%}
            {{ render(hook.sql) | trim }};
        {% endfor %}
    {%- endcall -%}
    {%- if existing is not none -%}
        {%- do adapter.cache_dropped(existing) -%}  {# with the views that went with it #}
    {%- endif -%}
    {%- do apply_grants(target, config.get('grants'), should_revoke=False) -%}
{%- endmacro %}
