/** A rotation may change the algorithm; until now none did. */
export const oldAlg = `
update rotation set body = json_set(body, '$.oldAlg', json_extract(body, '$.alg'))
  where json_extract(body, '$.oldAlg') is null;
`;
