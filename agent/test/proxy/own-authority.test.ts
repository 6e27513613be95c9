import { X509Certificate } from 'node:crypto';
import { copyFileSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { ownIdentity } from '../../src/proxy/own-authority.ts';

const DAY_MS = 86_400_000;
const NAMES = ['localhost', '127.0.0.1', '::1', 'jwks.internal'];

void t.test('what is issued', async (t) => {
  const directory = join(t.testdir(), 'a', 'b');
  const nowMs = Date.now();
  const identity = await ownIdentity(directory, NAMES, nowMs);
  const [leaf, ca] = [
    new X509Certificate(identity.cert),
    new X509Certificate(readFileSync(identity.caFile)),
  ];
  t.equal(identity.isNew, true);
  t.ok(ca.ca && !leaf.ca);
  t.ok(ca.verify(ca.publicKey) && leaf.verify(ca.publicKey) && leaf.checkIssued(ca));
  t.equal(leaf.checkHost('jwks.internal'), 'jwks.internal');
  t.equal(leaf.checkIP('127.0.0.1'), '127.0.0.1');
  t.equal(leaf.checkHost('other.example'), undefined);
  t.ok(Date.parse(leaf.validTo) - Date.parse(leaf.validFrom) <= 825 * DAY_MS);
  t.ok(Date.parse(leaf.validFrom) < nowMs);
  t.equal(statSync(directory).mode & 0o777, 0o700);
});

void t.test('the authority is kept until it nears its end or is not whole', async (t) => {
  const directory = t.testdir({ other: {} });
  const nowMs = Date.now();
  const first = await ownIdentity(directory, NAMES, nowMs);
  const caFile = first.caFile;
  const before = readFileSync(caFile, 'utf8');
  const second = await ownIdentity(directory, NAMES, nowMs + 3_000 * DAY_MS);
  t.equal(second.isNew, false);
  t.not(second.cert, first.cert, 'a new certificate at each start');
  t.equal(readFileSync(caFile, 'utf8'), before);
  t.equal((await ownIdentity(directory, NAMES, nowMs + 3_600 * DAY_MS)).isNew, true, 'renewed');

  await ownIdentity(join(directory, 'other'), NAMES, nowMs);
  copyFileSync(join(directory, 'other', 'ca-key.pem'), join(directory, 'ca-key.pem'));
  t.equal((await ownIdentity(directory, NAMES, nowMs)).isNew, true, 'a key of another authority');
});
