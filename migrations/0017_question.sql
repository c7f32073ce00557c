-- The question bank. A row is a version of a question and never changes: what is mended is a new version. Instants are
-- µs UTC.

create table question (
    row_id {id},
    -- The number by which people call it; the same through all versions.
    number bigint not null,
    version bigint not null,
    kind text not null,
    topic text not null,
    difficulty text,
    -- The clause that it rests on.
    source text not null,
    -- All of it, as JSON.
    content text not null,
    -- The same for two questions that say the same.
    fingerprint text not null,
    recorded_at bigint not null,
    recorded_by text not null,
    -- Filled once, in the last version: no paper takes it any more.
    retired_at bigint,
    retired_by text,
    retire_reason text
);
create unique index question_version on question (number, version);
create index question_fingerprint on question (fingerprint);
create index question_topic on question (topic, kind, difficulty);
