/** Since when a notice is not tried any more; older rows all still are. */
export const givenUp = `
update notice set body = json_set(body, '$.givenUpAtMs', null);
`;
