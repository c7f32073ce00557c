-- Rows of an import on their way into a ledger: staged first, moved chunk by chunk; a crash goes on where it stopped.
create table import_row (
    import_id bigint not null,
    n bigint not null,
    -- JSON: {"code": text|null, "unit": id|null, "values": [null|number|text, …],
    -- "corrects": [record, revision]|null}
    body text not null,
    primary key (import_id, n)
);
