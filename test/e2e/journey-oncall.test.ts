import t, { type Test } from 'tap';
import { createAgent } from '@keyturn/agent';
import { QUICK_POLICY, startCollectorProcess } from '../harness/collector-process.ts';
import { eventually } from '../harness/eventually.ts';
import { keyturn } from '../harness/keyturn-cli.ts';
import { tempDirectory } from '../harness/temp-directory.ts';
import { teardownWith } from '../harness/teardown-with.ts';
import { field, message, rawSession } from './raw-fleet.ts';
import { keyPublished, startRotatingIssuer } from './rotating-issuer.ts';

// Printable, so it gets as far as a kid can: into the page, the terminal and links.
const HOSTILE_KID = `"><img src=x onerror=alert(1)>'&`;
const HOSTILE_NAME = 'eve<script>alert(1)</script>';

/** A rotation in which one verifier lags behind. */
async function startTrouble(t: Test) {
  const cleanup = teardownWith(t);
  const directory = await tempDirectory(cleanup);
  const issuer = await startRotatingIssuer(cleanup, ['2026-a', HOSTILE_KID]);
  const collector = await startCollectorProcess(directory, {
    issuers: [issuer.settings],
    services: [{ name: 'orders', instances: 2, profile: 'npm-jose', evidence: 'present' }],
    policy: QUICK_POLICY,
  });
  cleanup.add('collector', () => collector.child.kill());
  for (const [instance, jwks] of [
    ['orders-1', issuer.both],
    ['orders-2', [issuer.old.publicJwk]],
  ] as const) {
    const agent = createAgent({
      service: 'orders',
      instance,
      issuer: issuer.issuer,
      collector: collector.grpc,
    });
    cleanup.add(instance, () => agent.close());
    agent.verifier({ cache: 'jwks', profile: 'npm-jose' }).setKeys(issuer.issuer, { jwks });
  }
  await keyPublished(collector, '2026-a');
  const start = (by: string) =>
    collector.api.post('/v1/rotations', {
      issuer: issuer.issuer,
      alg: 'ES256',
      new_kid: HOSTILE_KID,
      by,
    });
  t.equal((await start(`${HOSTILE_NAME}\u001b[2J`)).status, 400, 'no terminal codes in a name');
  t.equal((await start(`${HOSTILE_NAME}\u202e`)).status, 400, 'nothing that reorders text');
  const started = await start(HOSTILE_NAME);
  t.equal(started.status, 201);
  issuer.serve(issuer.both);
  await keyPublished(collector, HOSTILE_KID);
  const gate = `/v1/rotations/${started.body.rotation.id}/gates/activate`;
  await eventually('only the laggard is in the way', async () => {
    const { body } = await collector.api.get(gate);
    const failing = body.checks.filter((check: { status: string }) => check.status !== 'pass');
    return failing.length === 1 && failing[0].offender_count === 1 ? true : undefined;
  });
  return { cleanup, collector, issuer };
}

t.test('one look tells what is wrong, and shows nothing a kid could forge', async (t) => {
  const { cleanup, collector, issuer } = await startTrouble(t);

  const status = await keyturn(collector, 'status');
  t.equal(status.code, 0);
  for (const said of [/activate\s+CLOSED/, /without evidence of key/, /orders\/orders-2\/jwks/]) {
    t.match(status.stdout, said, 'keyturn status');
  }
  t.notOk(status.stdout.includes('\u001b'), 'no terminal codes');

  const gate = await keyturn(collector, 'gate', 'activate');
  t.equal(gate.code, 3);
  t.match(
    gate.stdout,
    /evidence: 1 verifier without evidence[^]*orders-2[^]*since[^]*try: keyturn/,
  );

  const { headers, body: page } = await collector.api.get('/status');
  t.match(headers.get('content-type'), /^text\/html/);
  for (const said of ['CLOSED', 'without evidence of key', 'orders/orders-2/jwks']) {
    t.ok(page.includes(said), `the page says ${said}`);
  }
  t.notOk(page.includes('<img'), 'a kid is text on the page');
  t.ok(page.includes('&lt;img src=x onerror=alert(1)&gt;'), 'and can be read there');
  t.notMatch(page, /<script/i, 'so is the name of whoever started it');
  t.match(headers.get('content-security-policy'), /default-src 'none'/);

  // A name that is no name does not even get as far as that.
  const session = rawSession(collector.grpc);
  cleanup.add('session', () => {
    session.close();
  });
  const verifier = message(
    field(1, 1n),
    field(2, 'orders'),
    field(3, '<b>orders</b>'),
    field(4, 'jwks'),
    field(6, 1n),
    field(7, issuer.issuer),
  );
  session.send(field(1, message(field(1, Buffer.alloc(16)), field(2, '0'), field(3, verifier))));
  t.match(await session.ended(), {
    code: 'INVALID_ARGUMENT',
    details: /instance: expected letters, digits/,
  });
});

t.test('doctor tells whether the collector itself is well', async (t) => {
  const { collector } = await startTrouble(t);
  const well = await keyturn(collector, 'doctor');
  t.equal(well.code, 0, 'a closed gate is no fault of the collector');
  t.match(well.stdout, /a collector answers at/);

  const lost = await keyturn({ ...collector, tokenFile: '/nonexistent/token' }, 'doctor');
  t.match(lost.stdout, /\/nonexistent\/token/, 'and which token would not do');

  await collector.child.kill();
  const dead = await keyturn(collector, 'doctor');
  t.equal(dead.code, 4, 'unreachable');
  t.match(dead.stdout, /pnpm start|--collector/, 'what to do about it');
  t.equal((await keyturn(collector, 'status')).code, 4);
});
