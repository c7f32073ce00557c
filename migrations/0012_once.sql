-- Forms that were recorded, so that none is recorded twice, with what it did to the verdicts. Rows are deleted after two
-- days.
create table once (
    key text primary key,
    account_id bigint not null,
    ledger text not null,
    -- 0: several records were voided.
    record_id bigint not null,
    -- JSON: verdicts before and after.
    told text not null,
    -- Instant (µs, UTC).
    at bigint not null
);
create index once_at on once (at);
