-- Months as they were published: what is reckoned later is held against these figures, and they
-- are never changed. A month that is closed again keeps its earlier closings.
create table ops.closed_months (
    closing_id bigint generated always as identity primary key,
    month date not null check (month = date_trunc('month', month)),
    business_date date not null,
    opening_balance bigint not null,
    closing_balance bigint not null,
    outstanding_points bigint not null,
    debt_points bigint not null,
    liability_amount numeric(24, 4) not null,
    deferred_amount numeric(24, 4) not null,
    point_cost numeric(18, 6) not null,
    currency text not null,
    closed_at timestamptz not null default clock_timestamp(),
    actor text not null default session_user,
    reason text not null
);
create index closed_months_month on ops.closed_months (month, closing_id);
comment on table ops.closed_months is
'One row per closing of a month; the newest of a month counts';
comment on column ops.closed_months.month is 'First day of the month';
comment on column ops.closed_months.business_date is 'As-of date of the marts that were published';
comment on column ops.closed_months.opening_balance is 'Points of all customers before its first day';
comment on column ops.closed_months.closing_balance is
'Points of all customers after its last day: outstanding less debt, and what it began with plus its figures';
comment on column ops.closed_months.outstanding_points is
'Available and pending points after the last day';
comment on column ops.closed_months.debt_points is 'Points that customers owed after the last day';
comment on column ops.closed_months.liability_amount is
'What the outstanding points are expected to cost, after breakage (marts.points_liability as of the last day)';
comment on column ops.closed_months.deferred_amount is
'Revenue deferred for them (marts.points_liability as of the last day)';
comment on column ops.closed_months.point_cost is 'Money per point at the closing (LENS_POINT_COST)';

create table ops.closed_month_figures (
    closing_id bigint not null references ops.closed_months (closing_id),
    entry_type text not null,
    batch_id bigint,
    points bigint not null,
    entry_count bigint not null,
    unique nulls not distinct (closing_id, entry_type, batch_id)
);
comment on table ops.closed_month_figures is
'One row per closing, entry type and batch that the entries came from: sums of marts.points_ledger over the month';

comment on column ops.audit_log.action is
'unload, release, waive, repair, export, close: the command that did it';
