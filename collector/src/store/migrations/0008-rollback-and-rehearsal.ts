const STEPS = ['publish', 'activate', 'retire', 'rollback', 'abort', 'taint', 'complete'] as const;

/** Rehearsals, the window for going back, and the reason of a step; older rows did not say one. */
export const rollbackAndRehearsal = `
create table rehearsal (id text primary key, body text not null) strict, without rowid;

update rotation set body = json_set(body,
  '$.firstSwitchedAtMs', json_extract(body, '$.switchedAtMs'),
  '$.rolledBackAtMs', json_extract(body, '$.declared.rollback.atMs'));

${STEPS.map(
  (step) =>
    `update rotation set body = json_set(body, '$.declared.${step}.reason', null)
  where json_type(body, '$.declared.${step}') = 'object';`,
).join('\n')}
`;
