/** Until when and since when each JWKS is known to have been read; of older rows nothing is. */
export const watch = `
update issuer set body = json_set(body, '$.readAtMs', null, '$.watchedSinceMs', null);
`;
