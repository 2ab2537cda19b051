-- Since when rows are others is told customer by customer (ops.row_changes, docs/decisions/0043).
alter table ops.account_builds drop column changed_from;
comment on table ops.account_builds is
'Models of the points, as built last. is_partial: of changed accounts only. recipe: what all accounts
follow from; business_date_before: of the build before; was_complete: all models stood as that build
wanted them';
