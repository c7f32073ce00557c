-- Files of records. The bytes lie under attachments/ in the data directory, by the SHA-256 of what lies there; a row comes
-- after its bytes and is never changed but by its removal.
create table attachment (
    row_id {id},
    ledger text not null,
    record_id bigint not null,
    -- Of what lies on the disk, in hex.
    sha256 text not null,
    -- Empty where it is sealed.
    name text not null,
    -- Bytes of what was sent.
    size bigint not null,
    -- What it is by its content (src/attach/kind.rs).
    kind text not null,
    -- Name, hash and key of a file whose ledger holds sensitive values: JSON, sealed; null for a plain one.
    secret text,
    -- Instant (µs, UTC).
    recorded_at bigint not null,
    recorded_by text not null,
    account bigint,
    removed_at bigint,
    removed_by text,
    reason text
);
create index attachment_record on attachment (ledger, record_id);
create index attachment_file on attachment (sha256);
create index attachment_account on attachment (account, recorded_at);
