/** Alerts, what silences them, what receivers are still to be told, and what detectors remember. */
export const alerts = `
create table alert (id text primary key, body text not null) strict, without rowid;
create table silence (id text primary key, body text not null) strict, without rowid;
create table notice (id text primary key, body text not null) strict, without rowid;
create table series (id text primary key, body text not null) strict, without rowid;
`;
