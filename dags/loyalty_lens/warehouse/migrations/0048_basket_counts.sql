-- Products in baskets, counted by what came and went since they were counted whole (docs/decisions/0049).
create table ops.basket_counts (
    product_id text not null,
    other_product_id text not null,
    basket_count bigint not null,
    primary key (product_id, other_product_id)
);
comment on table ops.basket_counts is
'Baskets of the window that hold a product, two products, or anything at all (product_id empty). Of two
products only those that were in kept_from baskets when all were counted; exact since';

create table ops.basket_counting (
    kept_from bigint not null,
    gained_count bigint not null
);
comment on table ops.basket_counting is
'One row. kept_from: in so many baskets two products had to be to be kept; gained_count: no other two have come
into more baskets than that since';
