/**
 * What pages draw: buckets of time and events. No gate reads either, and each is bounded by whoever
 * writes it.
 */
export const history = `
create table history (
  track text not null, step_s integer not null, at_s integer not null, body text not null,
  primary key (track, step_s, at_s)
) strict, without rowid;
create index history_by_age on history (step_s, at_s);
create table history_event (
  kind text not null, track text not null, at_ms integer not null, number integer not null,
  body text not null,
  primary key (kind, track, at_ms, number)
) strict, without rowid;
create index history_event_by_age on history_event (kind, at_ms);
`;
