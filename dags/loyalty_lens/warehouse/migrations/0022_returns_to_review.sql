create table judge.returns_to_review (
    _entity_hash bigint primary key
);
comment on table judge.returns_to_review is
'Returns, by the hash of their transaction_id, whose sales or lines may have gone since their lines were
judged: the next validation looks at them again';
