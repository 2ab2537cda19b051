{#- A table of rows that belong to a key (config `key`, of the type `key_type`, a text unless told; or a date
    and another column, `business_date+store_id`, rows of which are found by the date, or with `found_by`
    other by that). Where the models that it follows (config `follows`) have told which keys have other rows
    (docs/decisions/0032), the model's query makes the rows of those alone; what differs from the rows that
    stand takes their place and is told in turn (config `tells`; with `told_by`, only where these columns
    differ, and with `tells_by` key by key; with `tells_rows`, the rows themselves, for who adds them up).
    The macro `changed_<model>` queries these keys. Where the config `since` names the column of a row's date, it
    queries dates with the key (`2026-01-31 C1`), and rows of dates before the first of a key stand, too
    (docs/decisions/0051). Else, and where the query `unless` (config) says so, the table is made anew. -#}
{% materialization by_key, adapter='postgres' %}
    {%- set existing = load_cached_relation(this) -%}
    {%- set table = this.incorporate(type='table') -%}
    {%- set is_kept = target.name == 'prod' -%}
    {%- set recipe = row_recipe(sql) if is_kept else none -%}

    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}

    {%- if is_kept -%}
        {%- set last = run_query("select coalesce(max(change_id), 0) from ops.row_changes").rows[0][0] -%}
    {%- endif -%}
    {%- set unless = config.get('unless', 'select false') -%}
    {%- if is_by_changes(recipe) and not run_query(unless).rows[0][0] -%}
        {%- call statement('keys') -%}
            set local synchronous_commit = off;
            create temporary table changed_keys on commit drop as
            {% if config.get('since') -%}
            select substr(changed.key, 12) as key, min(cast(left(changed.key, 10) as date)) as since
            from ({{ context['changed_' ~ model.name]() }}) as changed (key)
            where substr(changed.key, 12) <> ''
            group by substr(changed.key, 12);
            {%- else -%}
            select distinct changed.key from ({{ context['changed_' ~ model.name]() }}) as changed (key)
            where changed.key is not null;
            {%- endif %}
            analyze changed_keys;
        {%- endcall -%}
        {%- if run_query("select exists (select from changed_keys)").rows[0][0] -%}
            {%- set columns = model['columns'].values() | map(attribute='name') | join(', ') -%}
            {%- call statement('main') -%}
                {{ exchange_rows(
                    table, sql, columns,
                    contracted_columns() if config.get('contract').enforced else columns,
                    of_keys_to_build()
                ) }}
                {% if config.get('told_by') -%}
                    {{ tell_differences(
                        '(select * from differing where not differing.is_new) as went',
                        '(select * from differing where differing.is_new) as came'
                    ) }}
                {%- elif config.get('tells') -%}
                    {{ tell_differing() }}
                {%- endif %}
                {% if config.get('tells_rows') %}{{ tell_rows() }}{% endif %}
                {{ note_exchange('exists (select from differing)') }}
            {%- endcall -%}
            {{ run_hooks(post_hooks, inside_transaction=True) }}
        {%- else -%}
            {%- call statement('main') -%}
                {{ note_exchange('false') }}
                {{ open_to_roles() }}
            {%- endcall -%}
        {%- endif -%}
    {%- else -%}
        {%- do replace_table(existing, table, whole_sql(sql)) -%}
        {%- if is_kept and (config.get('tells') or config.get('tells_rows')) -%}
            {%- call statement('tell') -%} {{ tell_all() }} {%- endcall -%}
        {%- endif -%}
    {%- endif -%}

    {%- if is_kept -%}
        {%- call statement('record') -%} {{ record_build(recipe, last) }} {%- endcall -%}
    {%- endif -%}

    {%- do adapter.commit() -%}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [table]}) }}
{% endmaterialization %}
