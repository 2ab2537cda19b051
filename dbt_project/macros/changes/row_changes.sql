{#- Who has which rows changed since: models tell the keys of rows that have come, gone or changed
    (ops.row_changes), those that follow them build the rows of these keys anew (docs/decisions/0032). -#}

{#- Tells that all of this model is new. -#}
{% macro tell_all() -%}
    insert into ops.row_changes (model) values ('{{ model.name }}');
{%- endmacro %}


{#- The key of a row, as a text: a column, or a date and another column (`business_date+store_id`) with a
    space between; nothing stands for a missing one. -#}
{% macro key_of(column, rows) -%}
    {%- set parts = column.split('+') -%}
    cast({{ rows }}.{{ parts[0] }} as text)
    {%- if parts | length > 1 %} || ' ' || coalesce({{ rows }}.{{ parts[1] }}, ''){% endif -%}
{%- endmacro %}


{#- Tells the keys of `rows` (a query), in the columns that the model's config `tells`, or in these. -#}
{% macro tell_keys(rows, columns=none) -%}
    insert into ops.row_changes (model, column_name, key)
    select distinct '{{ model.name }}', told.column_name, told.key
    from ({{ rows }}) as rows
    cross join lateral (
        values
        {% for column in columns or config.require('tells') -%}
            ('{{ column }}', {{ key_of(column, 'rows') }}){{ ', ' if not loop.last }}
        {% endfor -%}
    ) as told (column_name, key)
    where told.key is not null;
{%- endmacro %}


{#- The columns of the keys that the model tells, and those that its rows are compared in. -#}
{% macro told_columns() -%}
    {{ return(
        (config.require('tells') | join('+')).split('+') | unique | list + config.get('told_by', [])
    ) }}
{%- endmacro %}


{#- Tells of the rows that came and went (`differing`) the keys that the config `tells`; those that it
    `tells_by` only where the columns differ that it names for them: a guest who gets a name changes no
    amount of a day. -#}
{% macro tell_differing() -%}
    {%- set by = config.get('tells_by', {}) -%}
    {{ tell_keys('select * from differing') }}
    {% for column in by -%}
        {%- set columns = (column.split('+') + by[column]) | unique | join(', ') -%}
        {{ tell_keys(
            "(select " ~ columns ~ " from differing where is_new except all select " ~ columns
            ~ " from differing where not is_new) union all (select " ~ columns
            ~ " from differing where not is_new except all select " ~ columns
            ~ " from differing where is_new)",
            [column]
        ) }}
    {%- endfor %}
{%- endmacro %}


{#- Tells what differs between the table that goes and the one that comes, in the columns that the config
    `tells` (the keys) and `told_by` (what the rows of a key are compared in). -#}
{% macro tell_differences(existing, made) -%}
    {%- set columns = told_columns() | join(', ') -%}
    {{ tell_keys(
        "(select " ~ columns ~ " from " ~ made ~ " except select " ~ columns ~ " from " ~ existing
        ~ ") union all (select " ~ columns ~ " from " ~ existing ~ " except select " ~ columns
        ~ " from " ~ made ~ ")"
    ) }}
{%- endmacro %}


{#- Whether a relation, or none, is a table with the columns that differences are told by. -#}
{% macro has_told_columns(existing) -%}
    {%- if existing is none or not existing.is_table -%}
        {{ return(false) }}
    {%- endif -%}
    {%- set names = adapter.get_columns_in_relation(existing) | map(attribute='name') | list -%}
    {%- set missing = told_columns() | reject('in', names) -%}
    {{ return(missing | list | length == 0) }}
{%- endmacro %}


{% macro is_empty(relation) -%}
    {{ return(not run_query("select exists (select from " ~ relation ~ ")").rows[0][0]) }}
{%- endmacro %}


{#- A query of the keys (`key`, a text) that a model has told of in a column since this one was built. -#}
{% macro told(name, column) -%}
    select changes.key
    from ops.told_keys('{{ name }}', '{{ column }}', '{{ model.name if model is defined }}') as changes (key)
{%- endmacro %}


{#- The condition that a value was told; where nothing was, the table is not read through for it. -#}
{% macro was_told(value, name, column) -%}
    exists ({{ told(name, column) }})
    and {{ value }} in ({{ told(name, column) }})
{%- endmacro %}


{#- Days that were told by these models (they tell `business_date`), and those that have come since the build
    before: of the first of them, which has rows of the days after the as-of date, too. -#}
{% macro told_days(models) -%}
    {% for name in models -%}
    {{ told(name, 'business_date') }}
    union all
    {% endfor -%}
    select cast(days.business_date as text)
    from {{ ref(models[0]) }} as days
    inner join {{ ref('as_of') }} as as_of on days.business_date <= as_of.business_date
    where days.business_date > {{ built_date() }}
{%- endmacro %}


{#- The same of a date and another column of these models: `key` as they tell it. -#}
{% macro told_pairs(models, key) -%}
    {% for name in models -%}
    {{ told(name, key) }}
    union all
    {% endfor -%}
    select distinct {{ key_of(key, 'days') }}
    from {{ ref(models[0]) }} as days
    inner join {{ ref('as_of') }} as as_of on days.business_date <= as_of.business_date
    where days.business_date > {{ built_date() }}
{%- endmacro %}


{#- The as-of date of this model's build before. -#}
{% macro built_date() -%}
    coalesce(
        (
            select builds.business_date from ops.row_builds as builds
            where builds.model = '{{ model.name }}'
        ),
        '-infinity'
    )
{%- endmacro %}


{#- The condition that a row's day is one of those to build: an array, so that it reaches the tables below a
    union. `days`: a query of the days. -#}
{% macro of_changed_days(
    column, days='select cast(changed_keys.key as date) from changed_keys'
) -%}
    {%- if flags is not defined or not execute or model.resource_type != 'model'
        or flags.WHICH not in ('run', 'build') -%}
        true
    {%- else -%}
        /*changed*/ {{ column }} = any (array({{ days }})) /*end*/
    {%- endif -%}
{%- endmacro %}


{#- The condition that a row's date and other column are a pair to build. An index finds the dates, or with the
    model's config `found_by` the others. -#}
{% macro of_changed_pairs(date, other) -%}
    {%- if flags is not defined or not execute or model.resource_type != 'model'
        or flags.WHICH not in ('run', 'build') -%}
        true
    {%- else -%}
        {%- set is_by_date = config.get('found_by', 'date') == 'date' -%}
        /*changed*/ {{ date if is_by_date else other }} = any (
            array(
                select distinct
                    {{ 'cast(left(changed_keys.key, 10) as date)' if is_by_date
                        else 'substr(changed_keys.key, 12)' }}
                from changed_keys
            )
        )
        and ({{ date }}, coalesce({{ other }}, '')) in (
            select cast(left(changed_keys.key, 10) as date), substr(changed_keys.key, 12)
            from changed_keys
        ) /*end*/
    {%- endif -%}
{%- endmacro %}


{#- The condition that a row that stands is of a key to build (config `key`). -#}
{% macro of_keys_to_build() -%}
    {%- set key = config.require('key').split('+') -%}
    {%- if key | length > 1 -%}
        {{ of_changed_pairs('stood.' ~ key[0], 'stood.' ~ key[1]) }}
    {%- elif config.get('since') -%}
        {{ of_keys_since('stood.' ~ key[0], 'stood.' ~ config.get('since')) }}
    {%- else -%}
        {{ key[0] }} in (
            select cast(changed_keys.key as {{ config.get('key_type', 'text') }}) from changed_keys
        )
    {%- endif -%}
{%- endmacro %}


{#- Whether this model can be brought up to date by what it was told: it was built with the same code, to no
    later date, nothing that it follows was made anew since, and less than half of a large table is
    concerned. Never in a target of an analyst. -#}
{% macro is_by_changes(recipe) -%}
    {%- set existing = load_cached_relation(this) -%}
    {%- if target.name != 'prod' or flags.FULL_REFRESH or existing is none or not existing.is_table -%}
        {{ return(false) }}
    {%- endif -%}
    {%- set found = run_query(
        "select builds.recipe = '" ~ recipe ~ "'"
        ~ " and coalesce(builds.business_date <= (" ~ as_of_date() ~ "), builds.business_date is null)"
        ~ " and count(changes.change_id) filter (where changes.key is null) = 0"
        ~ " and count(changes.change_id) < greatest("
        ~ "300000, (select reltuples / 2 from pg_class where oid = '" ~ this ~ "'::regclass))"
        ~ " from ops.row_builds as builds"
        ~ " left join ops.row_changes as changes on changes.change_id > builds.change_id"
        ~ " and changes.model in ('" ~ config.require('follows') | join("', '") ~ "')"
        ~ (" and coalesce(changes.column_name, '') not in ('came', 'went')" if config.get('materialized') == 'by_key' else "")
        ~ " where builds.model = '" ~ model.name ~ "' group by builds.recipe, builds.business_date"
    ) -%}
    {{ return(found.rows | length > 0 and found.rows[0][0]) }}
{%- endmacro %}


{#- A query of the as-of date, of models that follow it (also through others); else of null. -#}
{% macro as_of_date() -%}
    {%- if 'as_of' in config.require('follows') -%}
        select business_date from {{ graph.nodes['model.' ~ project_name ~ '.as_of'].relation_name }}
    {%- else -%}
        select null::date
    {%- endif -%}
{%- endmacro %}


{#- The condition that a row is one of those to build; `keys`: a query of what `column` is to be in.
    whole_sql() takes it away. -#}
{% macro of_changed_keys(column, keys='select changed_keys.key from changed_keys') -%}
    {%- if flags is not defined or not execute or model.resource_type != 'model'
        or flags.WHICH not in ('run', 'build') -%}
        true
    {%- else -%}
        /*changed*/ {{ column }} in ({{ keys }}) /*end*/
    {%- endif -%}
{%- endmacro %}


{#- The condition that a row is of a key to build and of no date before the first that was told of it (config
    `since`). -#}
{% macro of_keys_since(column, date) -%}
    {%- if flags is not defined or not execute or model.resource_type != 'model'
        or flags.WHICH not in ('run', 'build') -%}
        true
    {%- else -%}
        /*changed*/ exists (
            select 1 as is_there from changed_keys
            where changed_keys.key = {{ column }} and changed_keys.since <= {{ date }}
        ) /*end*/
    {%- endif -%}
{%- endmacro %}


{#- A part of a query (a macro that renders it) that reads the table itself, for what is kept of it in a build by
    changes. -#}
{% macro where_kept(part) -%}
    {%- if flags is defined and execute and model.resource_type == 'model' and flags.WHICH in ('run', 'build') -%}
        /*kept*/ {{ part() }} /*end*/
    {%- endif -%}
{%- endmacro %}


{#- A model's query of all its rows. -#}
{% macro whole_sql(sql) -%}
    {%- set without_kept = modules.re.sub('/\*kept\*/.*?/\*end\*/', '', sql, flags=modules.re.S) -%}
    {{ return(modules.re.sub('/\*changed\*/.*?/\*end\*/', 'true', without_kept, flags=modules.re.S)) }}
{%- endmacro %}


{#- What the rows of the model follow from besides the rows they are made of: its code as rendered, with
    all settings, the functions of the database, seeds, and small tables of which any change changes all
    rows (config `remade_by`). What it reads of the build before is no part. -#}
{% macro row_recipe(sql) -%}
    {%- set functions = run_query(
        "select md5(string_agg(prosrc, '|' order by proname, oid)) from pg_proc"
        " where pronamespace = 'ops'::regnamespace"
    ) -%}
    {%- set code = modules.re.sub('/\*standing\*/.*?/\*stood\*/', '', sql, flags=modules.re.S) -%}
    {%- set seeds = [] -%}
    {%- for id in model.depends_on.nodes | sort if id in graph.nodes
        and graph.nodes[id].resource_type == 'seed' -%}
        {%- do seeds.append(graph.nodes[id].checksum.checksum) -%}
    {%- endfor -%}
    {%- for name in config.get('remade_by', []) -%}
        {%- set relation = graph.nodes['model.' ~ project_name ~ '.' ~ name].relation_name -%}
        {%- do seeds.append(run_query("select " ~ version_of_content(relation)).rows[0][0]) -%}
    {%- endfor -%}
    {{ return(local_md5(code ~ functions.rows[0][0] ~ seeds | join)) }}
{%- endmacro %}


{#- Records that this model was built, and what it has followed. -#}
{% macro record_build(recipe, last) -%}
    insert into ops.row_builds (model, recipe, change_id, business_date)
    select '{{ model.name }}', '{{ recipe }}', {{ last }}, ({{ as_of_date() }})
    on conflict (model) do update set
    recipe = excluded.recipe, change_id = excluded.change_id,
    business_date = excluded.business_date;
    {{ forget_followed() }}
{%- endmacro %}


{#- Forgets what a model told once all who follow it have followed, or where nobody follows: keys may be a
    person's, and are not kept for longer. By their place, as an array: a table that is empty most of the
    time is planned as empty, and 50,000 keys were compared with each other. -#}
{% macro forget_followed() -%}
    {%- set pairs = [] -%}
    {%- for node in graph.nodes.values() if node.config.materialized in ('by_key', 'by_sum', 'by_itemset') -%}
        {%- for followed in node.config.follows -%}
            {%- do pairs.append("('" ~ followed ~ "', '" ~ node.name ~ "')") -%}
        {%- endfor -%}
    {%- endfor -%}
    delete from ops.row_changes
    where ctid = any(array(
        select changes.ctid
        from ops.row_changes as changes
        left join (
            select
                followed.model,
                case when count(*) = count(builds.model) then min(builds.change_id) else -1 end
                    as change_id
            from (values {{ pairs | join(', ') }}) as followed (model, follower)
            left join ops.row_builds as builds on followed.follower = builds.model
            group by followed.model
        ) as done on changes.model = done.model
        where done.model is null or changes.change_id <= done.change_id
        for update of changes skip locked
    ));
{%- endmacro %}
