-- 存疑: somebody who sees a record doubts it, the recording unit answers. It changes no verdict.
create table doubt (
    row_id {id},
    ledger text not null,
    record_id bigint not null,
    -- The revision that was seen.
    revision bigint not null,
    -- Unit of the record: who answers is found by it.
    unit_id bigint,
    reason text not null,
    asked_at bigint not null,
    asked_by text not null,
    account bigint,
    answered_at bigint,
    answered_by text,
    answer text
);
create index doubt_record on doubt (ledger, record_id);
create index doubt_open on doubt (answered_at, unit_id);
