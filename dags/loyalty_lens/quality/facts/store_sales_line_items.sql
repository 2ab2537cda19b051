-- One row per delivered sales line.
with looked_up as (
    select
        delivered.*,
        case
            when delivered.transaction_id is null then null
            when headers.status is not null then headers.status
            when %(has_headers)s then 'missing'
            else 'accepted'
        end as _header_status,
        coalesce(headers.is_return, false) as _is_return,
        headers.original_transaction_id as _original_transaction_id,
        case
            when delivered.product_id is not null
                then prices.product_id is not null or not %(has_products)s
        end as _product_found,
        case
            when delivered.promotion_id is not null
                then promotions.promotion_id is not null or not %(has_promotions)s
        end as _promotion_found,
        case when delivered._row_number = headers.first_row then headers.difference end
            as _header_difference,
        case
            when headers.status is distinct from 'accepted' or headers.business_date is null then null
            when headers.business_date >= prices.starts[1]
                then prices.changes[
                    width_bucket(cast(headers.business_date as timestamp), prices.starts)
                ]
            else prices.first_price
        end as _unit_price,
        case when delivered.promotion_id is null then 0 else promotions.discount end as _discount
    from delivered
    left join judge.found_headers as headers
        on
            delivered._batch_id = headers._batch_id
            and delivered._entity_hash = headers._entity_hash
    left join judge.found_prices as prices on delivered.product_id = prices.product_id
    left join judge.found_promotions as promotions
        on delivered.promotion_id = promotions.promotion_id
)

select
    looked_up.*,
    case when not looked_up._is_return then looked_up.quantity end as _sale_quantity,
    case when not looked_up._is_return then looked_up.line_item_amount end as _sale_amount,
    looked_up.line_item_amount / nullif(looked_up.quantity, 0) as _paid_price,
    -- Rounded by unit or by line, or cut: a cent for each unit and one in a hundred is no difference.
    -- What was given away is told by zero_amount, a promotion that is not known by unknown_promotion.
    case
        when
            not looked_up._is_return and looked_up.quantity > 0 and looked_up.line_item_amount > 0
            then
            looked_up._discount = 0
            and looked_up.line_item_amount = looked_up.quantity * looked_up._unit_price
            or abs(
                looked_up.line_item_amount
                - looked_up.quantity * looked_up._unit_price * (1 - looked_up._discount)
            )
            <= 0.01 * looked_up.quantity
            + 0.01 * looked_up.quantity * looked_up._unit_price * (1 - looked_up._discount)
    end as _price_fits
from looked_up
