-- 通报与公文: drafts, and what was issued. Instants are µs UTC, days ISO text.
create table paper (
    row_id {id},
    kind text not null,
    -- Label of the period; empty for the present.
    period text not null,
    -- Record id of the unit that it is about; null for the whole.
    unit_id bigint,
    -- Table ids of the requirements of a 督办单, a JSON array.
    requirements text not null,
    -- What stands in it, JSON, and SHA-256 over key and text of every figure.
    content text not null,
    digest text not null,
    drawn_at bigint not null,
    drawn_by text not null,
    -- Counts every saving.
    version bigint not null,
    dropped_at bigint,
    -- 发文字号 and the rest of an issued one.
    year bigint,
    prefix text,
    sequence bigint,
    issued_at bigint,
    issued_by text,
    issued_on text,
    -- SHA-256 of its file under papers/, and its length.
    file text,
    bytes bigint,
    checkpoint text
);
create unique index paper_number on paper (year, prefix, sequence);
