/**
 * Snapshots of what was known when a decision was made. `body` is the JSON text, deflated: rows of one
 * fleet repeat themselves, and 10,000 of them take a tenth of their length.
 */
export const evidence = `
create table evidence (
  rotation_id text not null,
  number integer not null,
  occasion text not null,
  body blob not null,
  primary key (rotation_id, number)
) strict, without rowid;
create trigger evidence_is_kept_1 before update on evidence
  begin select raise(abort, 'evidence is never changed'); end;
create trigger evidence_is_kept_2 before delete on evidence
  begin select raise(abort, 'evidence is never deleted'); end;
`;
