{#- A table is made aside, then takes the place of the old one, all in one transaction, as dbt's own
    materialization does; but in two statements, where that needs ten to twenty, each with its
    round trip and its events. Half the time of a small model went there (docs/decisions/0014).
    Where the config `tells` keys, those whose rows differ are told to who follows (docs/decisions/0032).
    A table that is made of what it was made of last stands as it is (docs/decisions/0044); not in full refreshes
    and in targets of analysts. One that reads what dbt does not know of (config `stands`: false) is asked anew,
    and stands where it says the same, so that views upon it stay. One of the accounts (tag) that stands is as
    the accounts of the day want it, too. -#}
{% materialization table, adapter='postgres' %}
    {%- set is_kept = target.name == 'prod' -%}
    {%- set is_telling = is_kept and config.get('tells') is not none -%}
    {%- set existing = load_cached_relation(this) -%}
    {%- set made_of = makings(sql) if is_kept else none -%}
    {%- set table = this.incorporate(type='table') -%}
    {%- set may_stand = made_of and existing is not none and existing.is_table and not flags.FULL_REFRESH -%}

    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}

    {%- if may_stand and (
        made_of.stands if config.get('stands', true) else made_of.is_coded_so and says_the_same(table, sql)
    ) -%}
        {%- call statement('main') -%}
            {{ open_to_roles() }};
            {% if 'accounts' in config.get('tags', []) %}{{ record_accounts() }}{% endif %}
        {%- endcall -%}
    {%- else -%}
        {%- do replace_table(existing, table, sql, is_telling, made_of) -%}
    {%- endif -%}

    {%- do adapter.commit() -%}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [table]}) }}
{% endmaterialization %}


{#- Makes `table` anew; hooks after it, that belong to the transaction, included. `is_telling`: and tells the
    keys whose rows differ. `made_of`: what makings() found. -#}
{% macro replace_table(existing, table, sql, is_telling=False, made_of=none) -%}
    {%- set made = make_intermediate_relation(table) -%}
    {{ drop_relation_if_exists(load_cached_relation(made)) }}
    {%- call statement('main') -%}
        {# Whoever records the build, in ops, waits for the disk: for all that came before. -#}
        set local synchronous_commit = off;
        {{ create_table(existing, made, sql) }}
    {%- endcall -%}
    {%- do create_indexes(made) -%}
    {%- if is_telling -%}
        {%- call statement('tell') -%}
            {{ tell_differences(table, made) if has_told_columns(existing) else tell_all() }}
        {%- endcall -%}
    {%- endif -%}
    {%- if existing is not none and not existing.is_table -%}
        {%- do adapter.drop_relation(existing) -%}
    {%- endif -%}
    {%- call statement('swap') -%}
        drop table if exists {{ table }} cascade;
        alter table {{ made }} rename to {{ adapter.quote(table.identifier) }};
        {{ comments(table) }}
        {% for hook in post_hooks | selectattr('transaction') -%}
            {{ render(hook.sql) | trim }};
        {% endfor %}
        {% if target.name == 'prod' %}{{ note_making(table, made_of) }}{% endif %}
    {%- endcall -%}
    {%- if existing is not none -%}
        {%- do adapter.cache_dropped(existing) -%}  {# with the views that went with it #}
    {%- endif -%}
    {%- do apply_grants(table, config.get('grants'), should_revoke=False) -%}
{%- endmacro %}
