{#- A table of rows that belong to customers. Where only some accounts have changed (points_accounts), the
    model's query makes the rows of those: what differs from the rows that stand takes their place,
    and all other rows are not touched. Else the table is made anew.

    The keys that the config `tells` are those of rows that differ (docs/decisions/0032).
    `changed_from` (config) tells, from the rows that went and came, as of which date the table is
    another: an aggregate per `changed_by` (columns), of which the least counts. -#}
{% materialization by_customer, adapter='postgres' %}
    {%- set is_kept = target.name == 'prod' -%}
    {%- set existing = load_cached_relation(this) -%}
    {%- set target = this.incorporate(type='table') -%}

    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}

    {%- if accounts_are_partial() -%}
        {%- set columns = model['columns'].values() | map(attribute='name') | join(', ') -%}
        {%- call statement('main') -%}
            set local synchronous_commit = off;
            {{ get_assert_columns_equivalent(sql) }}
            create temporary table made on commit drop as
            select made.*, hash_record_extended(made, 0) as content
            from (
                select {{ contracted_columns() }} from ({{ sql }}) as model
            ) as made;
            create temporary table stood on commit drop as
            select stood.*, hash_record_extended(stood, 0) as content, stood.ctid as place
            from {{ target }} as stood
            where {{ of_changed('stood.customer_id') }};
            analyze made;
            analyze stood;
            {% if config.get('tells') -%}
                {{ tell_keys(
                    'select * from (select ' ~ columns ~ ' from made where content not in (select content'
                    ~ ' from stood) union all select ' ~ columns ~ ' from stood where content not in'
                    ~ ' (select content from made)) as differing'
                ) }}
            {%- endif %}
            delete from {{ target }}
            where ctid in (
                select place from stood where content not in (select content from made)
            );
            insert into {{ target }} ({{ columns }})
            select {{ columns }} from made where content not in (select content from stood);
            {%- set changed_from -%}
                select min(changed_from)
                from (
                    select {{ config.get('changed_from', 'null::date') }} as changed_from
                    from (
                        select {{ columns }} from made
                        where content not in (select content from stood)
                        union all
                        select {{ columns }} from stood
                        where content not in (select content from made)
                    ) as differing
                    group by {{ config.get('changed_by', ['customer_id']) | join(', ') }}
                ) as dates
            {%- endset -%}
            {{ record_accounts(changed_from) }};
        {%- endcall -%}
    {%- else -%}
        {%- do replace_table(existing, target, sql) -%}
        {%- if is_kept and config.get('tells') -%}
            {%- call statement('tell') -%} {{ tell_all() }} {%- endcall -%}
        {%- endif -%}
        {%- call statement('record') -%}
            {{ record_accounts("select '-infinity'::date") }}
        {%- endcall -%}
    {%- endif -%}

    {%- do adapter.commit() -%}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target]}) }}
{% endmaterialization %}
