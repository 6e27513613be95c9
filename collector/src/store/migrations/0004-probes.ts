/** Verifiers remember what canary tokens showed of them. */
export const probes = `
update verifier set body = json_set(body, '$.probes', json('[]'));
`;
