-- What was judged. Derived from the facts: it may be thrown away and judged again (`dongliang verify` compares).

-- One verdict: a requirement on a subject in a window.
create table verdict (
    row_id {id},
    requirement text not null,
    -- The subject's record id, or the first cell of a combination; rest: its other cells, joined by |.
    subject bigint not null,
    rest text not null,
    window_label text not null,
    -- Bounds of the window and the last day before it shuts; null without begin or end.
    window_from text,
    window_to text,
    shut text,
    state text not null,
    light text not null,
    late bigint not null,
    -- 1: the subject has closed, counted by `count met` alone.
    closed bigint not null,
    -- Exact texts, one a part, joined by '; '.
    value text not null,
    target text not null,
    parts text not null,
    lights text not null,
    num bigint not null,
    den bigint not null,
    -- The subject's unit on its last day in the window, and that unit's organ.
    unit_id bigint,
    organ_id bigint,
    -- Settings that are not set, joined by 、.
    unset text not null
);
create unique index verdict_subject on verdict (requirement, subject, rest, window_label);
create index verdict_organ on verdict (organ_id, requirement, window_label, state);
create index verdict_unit on verdict (unit_id, requirement);

-- Verdicts counted by requirement, window, organ and state; kept in the transaction of each verdict.
create table verdict_tally (
    requirement text not null,
    window_label text not null,
    organ_id bigint not null,
    state text not null,
    shut text,
    n bigint not null,
    num bigint not null,
    den bigint not null,
    late bigint not null,
    -- Open with a yellow or red light, and of these with a red one.
    behind bigint not null,
    red bigint not null,
    target text not null,
    primary key (requirement, window_label, organ_id, state)
);

-- Subjects judged anew while a full judgement was under way, whose older result must not take their place.
create table verdict_touched (
    requirement text not null,
    subject bigint not null,
    primary key (requirement, subject)
);

-- At the end of each month: items on plan, of those judged, over the organs of that day.
create table verdict_trend (
    day text primary key,
    met bigint not null,
    judged bigint not null
);
