-- A promotion on part of a category: its goods carry the code, others of the category do not. Where
-- codes are used now and then on anything (coupons), the category is what it works on.
with

as_of as (
    select business_date from {{ ref('as_of') }}
),

stores as (
    select * from {{ ref('promotion_stores') }}
),

coded as (
    select
        stores.promotion_id,
        sum(days.coded_amount) as coded_amount,
        sum(days.net_amount) as net_amount
    from stores
    inner join {{ ref('store_category_days') }} as days
        on
            stores.store_id = days.store_id
            and stores.product_category = days.product_category
            and days.business_date between stores.start_date and stores.end_date
    group by stores.promotion_id
),

partly as (
    select promotion_id from coded
    where coded_amount < 0.95 * net_amount
),

sold as (
    select
        stores.promotion_id,
        sale_lines.product_id,
        count(*) as line_count,
        count(*) filter (where sale_lines.promotion_id = stores.promotion_id) as coded_count,
        sum(sale_lines.line_amount) as gross_amount,
        min(stores.start_date) as start_date
    from partly
    inner join stores on partly.promotion_id = stores.promotion_id
    cross join as_of
    inner join {{ ref('sale_lines') }} as sale_lines
        on
            stores.store_id = sale_lines.store_id
            and sale_lines.business_date between stores.start_date
            and least(stores.end_date, as_of.business_date)
            and (
                stores.product_category = 'ALL'
                or stores.product_category = sale_lines.product_category
                or stores.promotion_id = sale_lines.promotion_id
            )
    where not sale_lines.is_return and sale_lines.is_merchandise
    group by stores.promotion_id, sale_lines.product_id
),

kinds as (
    select
        promotion_id,
        sum(gross_amount) as gross_amount,
        sum(gross_amount) filter (where coded_count = 0) as uncoded_amount,
        sum(line_count) filter (where coded_count > 0) as line_count,
        sum(coded_count) as coded_count
    from sold
    group by promotion_id
),

on_part as (
    select promotion_id from kinds
    where uncoded_amount >= 0.05 * gross_amount and coded_count >= 0.5 * line_count
),

-- Whoever sold nothing before cannot be compared with before, and would be chosen by the outcome.
sold_before as (
    select distinct
        sold.promotion_id,
        sold.product_id
    from on_part
    inner join sold on on_part.promotion_id = sold.promotion_id
    inner join {{ ref('sale_lines') }} as sale_lines
        on
            sold.product_id = sale_lines.product_id
            and sold.start_date > sale_lines.business_date
            and sale_lines.business_date >= sold.start_date - 28
            and not sale_lines.is_return
),

final as (
    select
        sold.promotion_id,
        sold.product_id,
        sold.line_count,
        sold.coded_count
    from sold_before
    inner join sold
        on
            sold_before.promotion_id = sold.promotion_id
            and sold_before.product_id = sold.product_id
    where sold.coded_count >= 0.5 * sold.line_count
)

select * from final
