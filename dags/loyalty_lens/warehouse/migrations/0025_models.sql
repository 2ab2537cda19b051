-- What `lens models` writes and marts read: fitted after the marts, kept through every build.
create table ops.model_fits (
    model text not null,
    business_date date not null,
    status text not null check (status in ('fitted', 'not converged', 'not enough data')),
    message text,
    value_basis text,
    customers bigint not null,
    parameters jsonb not null default '{}',
    standard_errors jsonb not null default '{}',
    log_likelihood double precision,
    fitted_at timestamptz not null default clock_timestamp(),
    primary key (model, business_date)
);
comment on table ops.model_fits is
'One row per model and business date: what was fitted last, and whether it can be trusted';
comment on column ops.model_fits.value_basis is 'What money means in it: net margin, net revenue, ...';

create table ops.model_metrics (
    business_date date not null,
    model text not null,
    metric text not null,
    value double precision not null,
    baseline text not null,
    baseline_value double precision,
    customers bigint not null,
    trained_on date,
    tested_on date not null,
    primary key (business_date, model, metric)
);
comment on table ops.model_metrics is
'One row per business date, model and metric: on what came after tested_on, beside a baseline';

create table ops.customer_scores (
    customer_id text primary key,
    business_date date not null,
    value_basis text not null,
    purchase_days bigint not null,
    probability_alive double precision,
    expected_purchases_90_days double precision,
    expected_purchases_365_days double precision,
    expected_amount double precision,
    clv_amount double precision,
    clv_quintile integer,
    churn_probability double precision,
    cluster_number integer
);
comment on table ops.customer_scores is
'One row per customer who ever bought, as scored last; null where a model had not enough data';
