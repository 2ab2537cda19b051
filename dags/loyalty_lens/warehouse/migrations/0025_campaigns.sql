-- Lists that left the house, and who was on them: what campaigns with a control group are reckoned from.
create table ops.campaign_exports (
    export_id bigint generated always as identity primary key,
    campaign_id text not null,
    title text not null,
    business_date date not null,
    definition jsonb not null,
    category text,
    holdout_ratio numeric not null check (holdout_ratio between 0 and 1),
    is_holdout_skipped boolean not null,
    selected_count bigint not null,
    exported_count bigint not null,
    holdout_count bigint not null,
    without_consent_count bigint not null,
    consent_unknown_count bigint not null,
    file text not null,
    content text not null,
    run_id text,
    exported_at timestamptz not null default clock_timestamp()
);
create index campaign_exports_of_a_day on ops.campaign_exports (campaign_id, business_date);
comment on table ops.campaign_exports is
'One row per list as written: the same list of the same day again only renews it';
comment on column ops.campaign_exports.campaign_id is
'Its name in campaigns.yml, or "segment " and the name of a segment exported by hand';
comment on column ops.campaign_exports.business_date is 'The day of the marts that it was drawn from';
comment on column ops.campaign_exports.definition is 'Conditions and columns as they were';
comment on column ops.campaign_exports.category is
'The product category that the campaign is about; null: all';
comment on column ops.campaign_exports.is_holdout_skipped is
'So few may be written to that nobody new was held out';
comment on column ops.campaign_exports.content is
'Hash of definition, members, arms and reasons: the same list is told by it';

create table ops.campaign_members (
    export_id bigint not null references ops.campaign_exports (export_id) on delete cascade,
    campaign_id text not null,
    business_date date not null,
    customer_id text not null,
    arm text not null check (arm in ('treated', 'holdout', 'excluded')),
    is_exported boolean not null,
    reason text check (reason in ('held out', 'without consent', 'consent unknown')),
    value_segment text,
    segment_name text,
    primary key (export_id, customer_id),
    check (is_exported = (arm = 'treated') and is_exported = (reason is null))
);
create index campaign_members_customer on ops.campaign_members (campaign_id, customer_id);
comment on table ops.campaign_members is
'One row per list as written and customer who met its conditions, written to or not';
comment on column ops.campaign_members.arm is
'treated, holdout: drawn by a hash, the first one stays; excluded: may not be written to';
comment on column ops.campaign_members.reason is 'Why the customer is not in the file; null: is in it';
comment on column ops.campaign_members.value_segment is 'Of the customer when the list was drawn';
