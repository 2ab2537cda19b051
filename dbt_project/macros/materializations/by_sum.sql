{#- Sums per key (`key`, columns, with an index) of the rows of one model (`of`), which tells each row that
    came or went (its config `tells_rows`): what came is added, what went is taken off
    (docs/decisions/0043). The model's query reads `summed_rows(of)`, where each row has a `sign`; all
    columns but the keys, and what follows from them (`of_key`), are sums of it, and where `counted_by`
    is 0, nothing is left. With `groups` rows are summed up by what their customer is today
    (`grouped_rows`, docs/decisions/0050). Where the model was never built, with other code, with
    --full-refresh, and where `of` or `groups` was made anew, the table is, too; in a target of an
    analyst always. -#}
{% materialization by_sum, adapter='postgres' %}
    {%- set existing = load_cached_relation(this) -%}
    {%- set table = this.incorporate(type='table') -%}
    {%- set is_kept = target.name == 'prod' -%}
    {%- set recipe = row_recipe(sql) if is_kept else none -%}

    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}

    {%- if is_kept -%}
        {%- set last = run_query("select coalesce(max(change_id), 0) from ops.row_changes").rows[0][0] -%}
    {%- endif -%}
    {%- if is_by_changes(recipe) -%}
        {%- set keys = config.require('key') -%}
        {%- set fixed = keys + config.get('of_key', []) -%}
        {%- set columns = model['columns'].values() | map(attribute='name') | list -%}
        {%- set is_same = [] -%}
        {%- for column in keys -%}
            {%- do is_same.append('stood.' ~ column ~ ' = added.' ~ column) -%}
        {%- endfor -%}
        {%- call statement('main') -%}
            set local synchronous_commit = off;
            create temporary table added on commit drop as
            select {{ contracted_columns() }} from ({{ sql_of_differences(sql) }}) as model;
            analyze added;
            {%- set counted = config.require('counted_by') %}
            merge into {{ table }} as stood
            using added on {{ is_same | join(' and ') }}
            when matched and stood.{{ counted }} + added.{{ counted }} = 0 then delete
            when matched then update set
            {% for column in columns if column not in fixed -%}
                {{ column }} = stood.{{ column }} + added.{{ column }}{{ ', ' if not loop.last }}
            {%- endfor %}
            when not matched and added.{{ counted }} <> 0 then
            insert ({{ columns | join(', ') }})
            values ({% for column in columns %}added.{{ column }}{{ ', ' if not loop.last }}{% endfor %});
            {{ note_exchange('exists (select from added)') }}
        {%- endcall -%}
        {{ run_hooks(post_hooks, inside_transaction=True) }}
    {%- else -%}
        {%- do replace_table(existing, table, sql) -%}
    {%- endif -%}

    {%- if is_kept -%}
        {%- call statement('record') -%} {{ record_build(recipe, last) }} {%- endcall -%}
    {%- endif -%}

    {%- do adapter.commit() -%}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [table]}) }}
{% endmaterialization %}
