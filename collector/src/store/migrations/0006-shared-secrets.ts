/** Every rotation so far was of public keys, and no verifier has said anything of secrets. */
export const sharedSecrets = `
update rotation set body = json_set(body, '$.keyKind', 'public');
update verifier set body = json_set(
  body,
  '$.cacheKind', 'any',
  '$.keySets', json((
    select json_group_array(json_set(held.value, '$.secretsAtMs', null))
    from json_each(verifier.body, '$.keySets') as held
  ))
);
`;
