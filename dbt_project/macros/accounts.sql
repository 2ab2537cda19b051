{#- Building the points of the customers alone whose account may have changed (points_accounts,
    docs/decisions/0018). -#}

{#- Whether the model reads and writes the changed accounts only. Never in a target of an analyst, in a
    unit test, or for what `lens what-if` asks (there, nothing that dbt alone knows is looked at). -#}
{% macro accounts_are_partial() -%}
    {%- if flags is not defined or not execute -%}
        false
    {%- elif target.name != 'prod' or model.resource_type != 'model' or flags.FULL_REFRESH
        or load_cached_relation(this) is none -%}
        {{ return(false) }}
    {%- else -%}
        {%- set found = run_query(
            "select is_partial from ops.account_builds where model = 'points_accounts'"
        ) -%}
        {{ return(found.rows | length > 0 and found.rows[0][0]) }}
    {%- endif -%}
{%- endmacro %}


{#- The condition that a customer is among those to build; `keys`: a query of what else `column` is to be
    in. Not as an array: the planner takes one for ten values, and met each with each of the others. -#}
{% macro of_changed(column, keys=none) -%}
    {%- if flags is not defined or model.resource_type != 'model' -%}
        true
    {%- else -%}
        {%- set accounts = ref('points_accounts') -%}
        {%- if not execute or not accounts_are_partial() -%}
            true
        {%- elif keys -%}
            {{ column }} in ({{ keys }})
        {%- else -%}
            {{ column }} in (
                select changed.customer_id from {{ accounts }} as changed where changed.is_changed
            )
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}


{#- The condition that a row is of a customer to build, and of a date of which something may be another
    (points_accounts.changed_from): what was before stands (docs/decisions/0046). `rows`: the name of
    their table in the query, `date`: the column of their date. -#}
{% macro of_changed_since(rows, date='business_date') -%}
    {%- if flags is not defined or model.resource_type != 'model' -%}
        true
    {%- else -%}
        {%- set accounts = ref('points_accounts') -%}
        {%- if execute and accounts_are_partial() -%}
            exists (
                select 1 as is_there from {{ accounts }} as changed
                where
                    changed.is_changed
                    and changed.customer_id = {{ rows }}.customer_id
                    and {{ rows }}.{{ date }} >= coalesce(changed.changed_from, '-infinity')
            )
        {%- else -%}
            true
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}


{#- A query of the customers whose earlier rows stand, with the first date that is built (`changed_from`);
    of nobody where all is built. -#}
{% macro accounts_built_since() -%}
    {%- set accounts = none -%}
    {%- if flags is defined and model.resource_type == 'model' -%}
        {%- set accounts = ref('points_accounts') -%}
    {%- endif -%}
    {%- if accounts and execute and accounts_are_partial() -%}
        select
            changed.customer_id,
            changed.changed_from
        from {{ accounts }} as changed
        where changed.is_changed and changed.changed_from is not null
    {%- else -%}
        select
            cast(null as text) as customer_id,
            cast(null as date) as changed_from
        limit 0
    {%- endif -%}
{%- endmacro %}


{#- Says that this model stands as the accounts of the day want it. -#}
{% macro record_accounts() -%}
    {%- if target.name == 'prod' -%}
    insert into ops.account_builds (model, build_id, is_partial)
    select '{{ model.name }}', accounts.build_id, {{ accounts_are_partial() }}
    from ops.account_builds as accounts
    where accounts.model = 'points_accounts'
    on conflict (model) do update set
    build_id = excluded.build_id, is_partial = excluded.is_partial, built_at = now()
    {%- else -%}
    select 1
    {%- endif -%}
{%- endmacro %}


{#- What all accounts follow from besides their own rows, as a text: the models' code and settings. -#}
{% macro account_recipe() -%}
    {%- set parts = [
        valid_through('x'), rounded_points('x'), content_hash(['x']), names_tier('x'),
        var('points_pending_days'), var('reverse_threshold_bonus'), var('tier_window_days'),
        var('tier_floor_days'), var('tier_grace_days'),
    ] -%}
    {%- for node in graph.nodes.values() | selectattr('resource_type', 'equalto', 'model')
        | sort(attribute='name') if 'loyalty' in node.fqn -%}
        {%- do parts.append(node.raw_code) -%}
    {%- endfor -%}
    {{ return(local_md5(parts | join('\n'))) }}
{%- endmacro %}


{#- The rows of a model as it was built last, of these columns (names to types): no rows in a first
    build, where the table lacks one of them, and in a target of an analyst. -#}
{% macro standing_rows(name, columns) -%}
    {%- set standing = none -%}
    {%- if flags is defined and execute and target.name == 'prod' and model.resource_type == 'model' -%}
        {%- set standing = adapter.get_relation(this.database, this.schema, name) -%}
    {%- endif -%}
    {%- if standing -%}
        {%- set names = adapter.get_columns_in_relation(standing) | map(attribute='name') | list -%}
        {%- if columns.keys() | reject('in', names) | list -%}
            {%- set standing = none -%}
        {%- endif -%}
    {%- endif -%}
    {%- if standing -%}
        /*standing*/ (select {{ columns | join(', ') }} from {{ standing }}) /*stood*/
    {%- else -%}
        /*standing*/ (
            select
            {% for column, type in columns.items() -%}
                cast(null as {{ type }}) as {{ column }}{{ ', ' if not loop.last }}
            {% endfor -%}
            limit 0
        ) /*stood*/
    {%- endif -%}
{%- endmacro %}


{#- Names the build that points_accounts begins, and whether it is one of changed accounts only: the same
    recipe, no earlier business date, nothing missing. -#}
{% macro begin_accounts() -%}
    {%- if execute and target.name == 'prod' -%}
    {%- set models = [] -%}
    {%- for node in graph.nodes.values() if 'accounts' in node.tags -%}
        {%- do models.append("'" ~ node.name ~ "'") -%}
    {%- endfor -%}
    insert into ops.account_builds
    (model, build_id, is_partial, recipe, business_date, business_date_before, was_complete)
    select
        'points_accounts',
        '{{ invocation_id }}',
        {{ load_cached_relation(this) is not none and not flags.FULL_REFRESH }}
        and coalesce(
            before.recipe = recipes.recipe and before.business_date <= as_of.business_date, false
        ),
        recipes.recipe,
        as_of.business_date,
        before.business_date,
        (
            select count(*) = {{ models | length }} from ops.account_builds as builds
            where builds.model in ({{ models | join(', ') }}) and builds.build_id = before.build_id
        )
    from {{ ref('as_of') }} as as_of
    cross join (
        select
            md5(
                concat_ws(
                    '|',
                    '{{ account_recipe() }}',
                    (select bit_xor(hash_record_extended(r, 0)) from {{ ref('loyalty_rules') }} as r),
                    (select bit_xor(hash_record_extended(t, 0)) from {{ ref('loyalty_tiers') }} as t),
                    (
                        select bit_xor(hash_record_extended(p, 0))
                        from {{ ref('promotion_versions') }} as p
                        where p.points_multiplier > 1 or p.bonus_points > 0
                    ),
                    (
                        select string_agg(prosrc, '|' order by proname) from pg_proc
                        where pronamespace = 'ops'::regnamespace and proname in ('fold_points', 'fold_tiers')
                    )
                )
            ) as recipe
    ) as recipes
    left join ops.account_builds as before on before.model = 'points_accounts'
    on conflict (model) do update set
    build_id = excluded.build_id, is_partial = excluded.is_partial, recipe = excluded.recipe,
    business_date = excluded.business_date, business_date_before = excluded.business_date_before,
    was_complete = excluded.was_complete, built_at = now()
    {%- else -%}
    select 1
    {%- endif -%}
{%- endmacro %}


{#- Tells (`changed_from`) each customer and the first date of which rows differ, as `2026-01-31 C1`. -#}
{% macro tell_dates_of_customers() -%}
    insert into ops.row_changes (model, column_name, key)
    select '{{ model.name }}', 'changed_from', min(dates.changed_from) || ' ' || dates.customer_id
    from (
        select
            customer_id,
            {{ config.require('changed_from') }} as changed_from
        from differing
        group by {{ config.require('changed_by') | join(', ') }}
    ) as dates
    where dates.changed_from is not null
    group by dates.customer_id;
{%- endmacro %}


{#- A query of what was told so: customers, each with the first date of which something has changed. -#}
{% macro told_dates_of_customers(name) -%}
    select
        substr(told.key, 12) as customer_id,
        min(cast(left(told.key, 10) as date)) as changed_from
    from ({{ told(name, 'changed_from') }}) as told
    group by substr(told.key, 12)
{%- endmacro %}
