-- Whose a customer's number is where a steward has merged it: what returns are compared by.
create table judge.kept_customers (
    customer_id text primary key,
    kept_customer_id text not null
);
comment on table judge.kept_customers is
'One row per customer merged into another, with the end of the chain; made anew in every validation';
