{#- Brings ops.basket_counts up to date by the baskets that have come, gone or changed since the model was built,
    and by the days that have come into its window or left it (docs/decisions/0049). A basket as it was: the
    lines that are there now less those that came, and with those that went. -#}
{% macro count_changed_itemsets() -%}
    {%- set today = '(select as_of.business_date from ' ~ ref('as_of') ~ ' as as_of)' -%}
    {%- set columns = 'transaction_id, product_id, business_date, is_return, is_merchandise' -%}
    set local synchronous_commit = off;
    create temporary table changed_lines on commit drop as
    select {{ columns }}, sign from ({{ told_rows('sale_lines') }}) as told;
    analyze changed_lines;
    create temporary table gained on commit drop as
    with

    lines_now as (
        select {{ columns }} from {{ ref('sale_lines') }}
        where transaction_id in (select changed_lines.transaction_id from changed_lines)
    ),

    lines_before as (
        select {{ columns }}
        from (
            select {{ columns }}, 1 as sign from lines_now
            union all
            select {{ columns }}, -sign as sign from changed_lines
        ) as both_times
        group by {{ columns }}
        having sum(sign) > 0
    ),

    lines_of_days as (
        select transaction_id, product_id, 1 as sign
        from {{ ref('sale_lines') }}
        where
            business_date > {{ built_date() }}
            and {{ is_in_window(today) }}
            and {{ is_of_basket() }}
        {%- if var('affinity_window_days', none) is not none %}
        union all
        select transaction_id, product_id, -1 as sign
        from {{ ref('sale_lines') }}
        where
            business_date <= {{ today }} - {{ var('affinity_window_days') }}
            and {{ is_in_window(built_date()) }}
            and {{ is_of_basket() }}
        {%- endif %}
    ),

    basket_lines as (
        select transaction_id, product_id, 1 as sign from lines_now
        where {{ is_of_basket() }} and {{ is_in_window(today) }}
        union all
        select transaction_id, product_id, -1 as sign from lines_before
        where {{ is_of_basket() }} and {{ is_in_window(built_date()) }}
        union all
        select transaction_id, product_id, sign from lines_of_days
        where transaction_id not in (select changed_lines.transaction_id from changed_lines)
    ),

    baskets as (
        select
            sign,
            array_agg(distinct product_id collate "C" order by product_id collate "C")
                as product_ids
        from basket_lines
        group by transaction_id, sign
    ),

    basket_places as (
        select sign, product_ids, generate_subscripts(product_ids, 1) as place from baskets
    ),

    itemsets as (
        select '' as product_id, '' as other_product_id, sign from baskets
        union all
        select product_ids[place], '' as other_product_id, sign from basket_places
        union all
        select product_ids[place], unnest(product_ids[place + 1:]), sign from basket_places
    )

    select product_id, other_product_id, sum(sign) as basket_count
    from itemsets
    group by product_id, other_product_id
    having sum(sign) <> 0;
    analyze gained;
    update ops.basket_counting set gained_count = gained_count + coalesce(
        (
            select greatest(max(gained.basket_count), 0)
            from gained
            left join ops.basket_counts as known using (product_id, other_product_id)
            where gained.other_product_id <> '' and known.product_id is null
        ),
        0
    );
    merge into ops.basket_counts as known
    using gained
        on
            known.product_id = gained.product_id
            and known.other_product_id = gained.other_product_id
    when matched then update set basket_count = known.basket_count + gained.basket_count
    when not matched and gained.other_product_id = '' then
    insert values (gained.product_id, gained.other_product_id, gained.basket_count);
    delete from ops.basket_counts
    where product_id <> '' and other_product_id = '' and basket_count = 0;
{%- endmacro %}


{#- Counts all baskets of the model's query. -#}
{% macro count_all_itemsets(sql) -%}
    {%- set counted = modules.re.search('/\*counted\*/(.*?)/\*whole\*/', sql, modules.re.S) -%}
    set local synchronous_commit = off;
    truncate ops.basket_counts, ops.basket_counting;
    insert into ops.basket_counts (product_id, other_product_id, basket_count)
    with {{ counted.group(1) }}
    select product_id, other_product_id, basket_count from itemsets;
    insert into ops.basket_counting (kept_from, gained_count)
    select {{ kept_from('basket_count') }}, 0 from ops.basket_counts where product_id = '';
    analyze ops.basket_counts;
{%- endmacro %}


{#- Whether all that come to count are among those that are kept: no other two products can have come into as
    many baskets. -#}
{% macro are_itemsets_known() -%}
    {{ return(run_query(
        "select exists (select from ops.basket_counting as counting"
        ~ " inner join ops.basket_counts as counts on counts.product_id = ''"
        ~ " where counting.kept_from - 1 + counting.gained_count < " ~ least_count('counts.basket_count') ~ ")"
    ).rows[0][0]) }}
{%- endmacro %}


{#- A model's query with the counts that are kept, in place of counting all baskets. -#}
{% macro sql_of_counts(sql) -%}
    {%- set kept = 'itemsets as (select product_id, other_product_id, basket_count from ops.basket_counts)' -%}
    {{ return(modules.re.sub('/\*counted\*/.*?/\*whole\*/', kept, sql, flags=modules.re.S)) }}
{%- endmacro %}
