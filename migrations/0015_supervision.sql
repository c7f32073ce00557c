-- 督办: matters that the office presses a unit about. Instants are µs UTC, days ISO text.
create table supervision (
    row_id {id},
    -- The verdict that it comes from; null where it was written by hand.
    requirement text,
    subject bigint,
    rest text,
    window_label text,
    unit_id bigint not null,
    title text not null,
    demand text not null,
    due text not null,
    -- open, replied, closed.
    state text not null,
    issued_at bigint not null,
    issued_by text not null,
    -- When it was told to the office that there is no reply: once.
    escalated_at bigint
);
create index supervision_state on supervision (state, due);
create index supervision_unit on supervision (unit_id, state);

-- What happened to it, in order.
create table supervision_event (
    row_id {id},
    supervision_id bigint not null,
    -- issue, reply, return, close, escalate.
    kind text not null,
    at bigint not null,
    actor text not null,
    account bigint,
    -- Due day of an order or of its return.
    day text,
    text text not null
);
create index supervision_event_of on supervision_event (supervision_id, row_id);
