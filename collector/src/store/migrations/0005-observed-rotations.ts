/** Keys known before keep opening nothing, and rotations known before were started by somebody. */
export const observedRotations = `
update issuer_key set body = json_set(body, '$.unclaimed', json('false'));
update rotation set body = json_set(
  body, '$.origin', 'declared', '$.endedBecause', json('null'), '$.findings', json('[]')
);
`;
