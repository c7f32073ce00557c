-- Remedies: what follows from a missed verdict. Instants are µs UTC, days ISO text.

-- Verdicts that were judged and whose consequences have not been looked at yet. '*': everything; subject is then the
-- number of the judgement, so that a later one is not taken for it.
create table verdict_news (
    requirement text not null,
    subject bigint not null,
    primary key (requirement, subject)
);

-- One for each requirement × subject × window × consequence. Its history is remedy_event; these columns are its end.
create table remedy (
    row_id {id},
    requirement text not null,
    subject bigint not null,
    rest text not null,
    window_label text not null,
    -- What is to be done: remind, retrain, interview …
    act text not null,
    -- As of the verdict: by these it is seen.
    unit_id bigint,
    organ_id bigint,
    -- draft, active, closed, dropped, withdrawn.
    state text not null,
    drafted_at bigint not null,
    -- Once confirmed: last day, and who is responsible.
    due text,
    person_id bigint,
    -- Day of the first thing that was done since it was confirmed or opened again.
    acted_on text,
    -- When it was told to the office that it is overdue: once.
    escalated_at bigint
);
create unique index remedy_of on remedy (requirement, subject, rest, window_label, act);
create index remedy_state on remedy (state, due);
create index remedy_unit on remedy (unit_id, state);

-- What happened to it, in order.
create table remedy_event (
    row_id {id},
    remedy_id bigint not null,
    -- draft, confirm, drop, act, escalate, withdraw, close, reopen.
    kind text not null,
    at bigint not null,
    actor text not null,
    account bigint,
    -- Due day of a confirmation, day of an act.
    day text,
    person_id bigint,
    text text not null
);
create index remedy_event_of on remedy_event (remedy_id, row_id);
