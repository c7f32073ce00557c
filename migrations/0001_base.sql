-- What every installation has before it has a directive. Ledger tables (l_<name>) are made from their definitions
-- by src/ledger/schema.rs. One text for both databases; {id} is the only token (docs/SQL.md).

-- Facts about the installation itself; 'schema_version' is the number of the last migration.
create table meta (
    key text primary key,
    value text not null
);

-- The next record id of each ledger.
create table counter (
    name text primary key,
    next bigint not null
);

-- Every package that was ever in force, with its files (JSON object: path -> text).
create table package (
    row_id {id},
    hash text not null,
    title text not null,
    applied_at bigint not null,
    applied_by text not null,
    files text not null
);

-- Long work that goes on after a crash: staged first, moved chunk by chunk.
create table job (
    row_id {id},
    kind text not null,
    state text not null,
    payload text not null,
    progress bigint not null default 0,
    total bigint not null default 0,
    error text,
    created_at bigint not null,
    created_by text not null,
    updated_at bigint not null
);
create index job_state on job (state, row_id);

-- One row a file that was taken in; rows of ledgers point at it by import_id.
create table import (
    row_id {id},
    ledger text not null,
    file_name text not null,
    sha256 text not null,
    rows bigint not null default 0,
    recorded_at bigint not null,
    recorded_by text not null,
    undone_at bigint,
    undone_by text
);
create index import_file on import (ledger, sha256);
