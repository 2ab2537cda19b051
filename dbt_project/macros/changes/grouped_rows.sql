{#- The rows of a model up to the as-of date, each with columns of the group (`groups`, a model with a row a
    customer) that its customer is in on that date, and a `sign`: for sums of which the rows stay but
    customers move (docs/decisions/0050). -#}
{% macro grouped_rows(of, groups, columns) -%}
    /*summed*/ (
        select
            rows.*,
            1 as sign,
            {{ 'groups.' ~ columns | join(', groups.') }}
        from {{ ref(of) }} as rows
        left join {{ ref(groups) }} as groups on rows.customer_id = groups.customer_id
        where rows.business_date <= (select as_of.business_date from {{ ref('as_of') }} as as_of)
    ) /*whole*/
{%- endmacro %}


{#- A query of what to add to such sums and what to take off since this model was built (config `of`, `groups`,
    `group_columns`): the rows that came, went or whose day has come, in the group that their customer was in
    then; and of customers who have moved all that is there now, from one group to the other. Where the rows
    have no index on the customer, the config `found_through` names the model that has one, of transactions. -#}
{% macro regrouped_rows() -%}
    {%- set rows = graph.nodes['model.' ~ project_name ~ '.' ~ config.require('of')].relation_name -%}
    {%- set groups = graph.nodes['model.' ~ project_name ~ '.' ~ config.require('groups')].relation_name -%}
    {%- set columns = config.require('group_columns') -%}
    {%- set today = '(' ~ as_of_date() ~ ')' -%}
    with

    told as materialized (
        select customer_id, {{ columns | join(', ') }}, sum(sign) as sign
        from ({{ told_rows(config.require('groups')) }}) as told
        group by customer_id, {{ columns | join(', ') }}
        having sum(sign) <> 0
    ),

    -- A customer who was in no group, or is in none any more, moves, too.
    moved as materialized (
        select customer_id, {{ columns | join(', ') }}, sign from told
        union all
        select customer_id, {% for column in columns %}null, {% endfor %}-sum(sign) as sign
        from told
        group by customer_id
        having sum(sign) <> 0
    ),

    groups_before as (
        select customer_id, {{ columns | join(', ') }} from {{ groups }}
        where customer_id not in (select moved.customer_id from moved)
        union all
        select customer_id, {{ columns | join(', ') }} from moved
        where sign < 0
    ),

    other_rows as (
        select rows.*, 1 as sign from {{ rows }} as rows
        where rows.business_date > {{ built_date() }} and rows.business_date <= {{ today }}
        union all
        select told.* from ({{ told_rows(config.require('of')) }}) as told
        where told.business_date <= {{ built_date() }}
    )

    select
        other_rows.*,
        {{ 'groups_before.' ~ columns | join(', groups_before.') }}
    from other_rows
    left join groups_before on other_rows.customer_id = groups_before.customer_id
    union all
    select
        rows.*,
        moved.sign,
        {{ 'moved.' ~ columns | join(', moved.') }}
    from {{ rows }} as rows
    inner join moved on rows.customer_id = moved.customer_id
    where
        rows.business_date <= {{ today }}
        {% if config.get('found_through') -%}
        and rows.transaction_id in (
            select found.transaction_id
            from {{ graph.nodes['model.' ~ project_name ~ '.' ~ config.get('found_through')].relation_name }} as found
            where found.customer_id in (select moved.customer_id from moved)
        )
        {%- endif %}
{%- endmacro %}
