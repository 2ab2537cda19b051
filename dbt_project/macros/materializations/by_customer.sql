{#- A table of rows that belong to customers. Where only some accounts have changed (points_accounts), the
    model's query makes the rows of those: what differs from the rows that stand takes their place,
    and all other rows are not touched. Else the table is made anew. Where the config `since` names the
    column of a row's date, rows of earlier dates than points_accounts says stand, too.

    The keys that the config `tells` are those of rows that differ (docs/decisions/0032); `tells_rows`
    names columns of them that say nothing of a person, for who adds them up (0043).
    `changed_from` (config) tells as of which date a customer's rows are others: an aggregate of the rows
    that went and came, per `changed_by` (columns), of which a customer's least counts. -#}
{% materialization by_customer, adapter='postgres' %}
    {%- set is_kept = target.name == 'prod' -%}
    {%- set existing = load_cached_relation(this) -%}
    {%- set table = this.incorporate(type='table') -%}

    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}

    {%- if accounts_are_partial() -%}
        {%- set columns = model['columns'].values() | map(attribute='name') | join(', ') -%}
        {%- call statement('main') -%}
            set local synchronous_commit = off;
            {{ exchange_rows(
                table, sql, columns, contracted_columns(),
                of_changed_since('stood', config.get('since')) if config.get('since')
                else of_changed('stood.customer_id')
            ) }}
            {% if config.get('tells') -%}
                {{ tell_keys('select * from differing') }}
            {%- endif %}
            {% if config.get('tells_rows') %}{{ tell_rows() }}{% endif %}
            {% if config.get('changed_from') -%}
                {{ tell_dates_of_customers() }}
            {%- endif %}
            {{ record_accounts() }};
            {{ note_exchange('exists (select from differing)') }}
            {{ open_to_roles() }};
        {%- endcall -%}
    {%- else -%}
        {%- do replace_table(existing, table, sql) -%}
        {%- if is_kept and (config.get('tells') or config.get('tells_rows')) -%}
            {%- call statement('tell') -%} {{ tell_all() }} {%- endcall -%}
        {%- endif -%}
        {%- call statement('record') -%}
            {{ record_accounts() }}
        {%- endcall -%}
    {%- endif -%}

    {%- do adapter.commit() -%}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [table]}) }}
{% endmaterialization %}
