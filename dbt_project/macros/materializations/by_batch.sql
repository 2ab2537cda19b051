{#- A table of rows that belong to batches of a data set (config `data_set`). Batches that have come, gone
    or changed since the last build are read again, all others stand; where the code has changed, and
    with --full-refresh, the table is made anew. A target of an analyst always is. -#}
{% materialization by_batch, adapter='postgres' %}
    {%- set is_kept = target.name == 'prod' -%}
    {%- set existing = load_cached_relation(this) -%}
    {%- set table = this.incorporate(type='table') -%}

    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}

    {%- if is_kept -%}
        {%- set recipe = batch_recipe() -%}
        {%- call statement('batches') -%}
            create temporary table live_batches on commit drop as
            {{ batch_fingerprints(config.require('data_set')) }}
        {%- endcall -%}
        {%- set builds = run_query(
            "select count(*), count(*) filter (where recipe = '" ~ recipe ~ "')"
            " from ops.batch_builds where model = '" ~ model.name ~ "'"
        ).rows[0] -%}
    {%- endif -%}

    {%- if is_kept and existing is not none and existing.is_table and not flags.FULL_REFRESH
        and builds[0] > 0 and builds[0] == builds[1] -%}
        {%- set changed = run_query(
            "select coalesce(live.batch_id, builds.batch_id), live.batch_id is not null"
            " from live_batches as live full join (select * from ops.batch_builds where model = '"
            ~ model.name ~ "') as builds on live.batch_id = builds.batch_id"
            " where live.fingerprint is distinct from builds.fingerprint"
        ).rows -%}
        {%- set columns = model['columns'].values() | map(attribute='name') | join(', ') -%}
        {%- set came = [] -%}
        {%- for row in changed if row[1] -%}{%- do came.append(row[0]) -%}{%- endfor -%}
        {%- call statement('main') -%}
            set local synchronous_commit = off;
            {% if changed -%}
            {{ tell_keys(
                'select * from ' ~ table ~ ' where _batch_id in ('
                ~ changed | map(attribute=0) | join(', ') ~ ')'
            ) }}
            delete from {{ table }} where _batch_id in ({{ changed | map(attribute=0) | join(', ') }});
            {% endif -%}
            {% if came -%}
            insert into {{ table }} ({{ columns }})
            select {{ columns }} from ({{ sql }}) as model
            where _batch_id in ({{ came | join(', ') }});
            {{ tell_keys(
                'select * from ' ~ table ~ ' where _batch_id in (' ~ came | join(', ') ~ ')'
            ) }}
            {% endif -%}
            {{ note_exchange('true' if changed else 'false') }}
        {%- endcall -%}
        {% if changed -%}{{ run_hooks(post_hooks, inside_transaction=True) }}{%- endif %}
    {%- else -%}
        {#- Nothing comes of nothing: a data set that was never delivered is made anew each time. -#}
        {%- set was_empty = existing is not none and existing.is_table and is_empty(existing) -%}
        {#- Few rows are rejected, and raw is looked through for them: where processes share a hash table,
            the planner would fill it with all of raw. -#}
        {%- call statement('plan') -%} set local enable_parallel_hash = off {%- endcall -%}
        {%- do replace_table(existing, table, sql) -%}
        {%- if is_kept and not (was_empty and is_empty(table)) -%}
            {%- call statement('tell') -%} {{ tell_all() }} {%- endcall -%}
        {%- endif -%}
    {%- endif -%}

    {%- if is_kept -%}
        {%- call statement('record') -%}
            delete from ops.batch_builds where model = '{{ model.name }}';
            insert into ops.batch_builds (model, batch_id, fingerprint, recipe)
            select '{{ model.name }}', batch_id, fingerprint, '{{ recipe }}' from live_batches
        {%- endcall -%}
    {%- endif -%}

    {%- do adapter.commit() -%}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [table]}) }}
{% endmaterialization %}

