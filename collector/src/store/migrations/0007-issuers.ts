/** What is known of an issuer as a whole, beside its keys. */
export const issuers = `
create table issuer (id text primary key, body text not null) strict, without rowid;
`;
