-- Files that were sent to be taken in: checked in the background, then confirmed by who sent them, or dropped. The file
-- itself lies sealed in the data directory until it is settled.
create table import_batch (
    row_id {id},
    ledger text not null,
    -- add: only new records; update: a row whose code stands corrects that record.
    mode text not null,
    file_name text not null,
    sha256 text not null,
    -- Bytes of the file.
    size bigint not null,
    -- Name of the sealed file; empty once it is gone.
    held text not null,
    account bigint not null,
    recorded_at bigint not null,
    recorded_by text not null,
    -- waiting, checked, refused, confirmed, imported, failed, dropped (src/intake/batch.rs).
    state text not null,
    -- Hash of the package under which it was checked.
    package text not null default '',
    -- Hash of what the check would write.
    digest text not null default '',
    -- What is to be said above; empty for nothing.
    note text not null default '',
    -- What the check found: JSON, sealed, for it repeats what stands in cells.
    report text,
    import_id bigint,
    changed_at bigint not null
);
create index import_batch_account on import_batch (account, row_id);
create index import_batch_state on import_batch (state, row_id);
