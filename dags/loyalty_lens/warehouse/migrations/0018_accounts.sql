-- What each account was when it was last published, so that a run can say whose past it changed.
create table ops.accounts (
    customer_id text primary key,
    content numeric not null
);
comment on table ops.accounts is
'One row per customer with points: a hash of the ledger entries up to ops.published_accounts';
comment on column ops.accounts.content is 'Sum of the hashes of the entries: it knows no order';

create table ops.published_accounts (
    is_only boolean primary key default true check (is_only),
    business_date date not null
);
comment on table ops.published_accounts is 'One row: the business date up to which ops.accounts goes';
