-- What customers were told: a file for each delivery, its messages, and the events that they told of.
create table ops.notification_files (
    delivery_id bigint generated always as identity primary key,
    business_date date not null,
    run_id text,
    file text not null,
    message_count bigint not null,
    recorded_at timestamptz not null default clock_timestamp(),
    written_at timestamptz
);
comment on table ops.notification_files is 'One row per file of messages that left the house';
comment on column ops.notification_files.written_at is
'When the file was in its place; null: it is written by the next delivery';

create table ops.notifications (
    notification_id text primary key,
    delivery_id bigint not null references ops.notification_files (delivery_id),
    customer_id text not null,
    template text not null,
    subject text not null,
    body text not null,
    figures jsonb not null,
    business_date date not null
);
create index notifications_customer on ops.notifications (customer_id);
create index notifications_delivery on ops.notifications (delivery_id);
comment on table ops.notifications is 'One row per message to a customer, as delivered';
comment on column ops.notifications.figures is 'Points, balance and tiers that the message tells of';

create table ops.notification_events (
    event_key text primary key,
    notification_id text not null references ops.notifications (notification_id) on delete cascade
);
create index notification_events_message on ops.notification_events (notification_id);
comment on table ops.notification_events is
'One row per event that a customer was told of: points of a lot, a tier; never told again';
