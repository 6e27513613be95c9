import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import type {
  IssuerHistoryView,
  TokenHistoryView,
  VerifierHistoryView,
} from '@keyturn/collector/api/schemas/history.ts';
import { type CollectorProcess, startCollectorProcess } from '../harness/collector-process.ts';
import { tempDirectory } from '../harness/temp-directory.ts';
import { teardownWith } from '../harness/teardown-with.ts';
import { acceptedBytes, helloBytes, keySetBytes, rawSession, reportBytes } from './raw-fleet.ts';
import { keyPublished, startRotatingIssuer } from './rotating-issuer.ts';

const PER_SECOND = 40;
const SECONDS = 8;

/** No hold-down to speak of: what is counted within it is nobody's rate. */
const POLICY = { heartbeat: '1s', lease_heartbeats: 2, reconnect_window: '100ms' };

async function tokensOf(collector: CollectorProcess, issuer: string): Promise<TokenHistoryView> {
  const query = new URLSearchParams({ issuer });
  const { status, body } = await collector.api.get(`/v1/history/tokens?${query.toString()}`);
  if (status !== 200) throw new Error(JSON.stringify(body));
  return body;
}

/** Points by their moment. */
function pointsOf({ at, series }: TokenHistoryView, kid: string | null): Map<number, number> {
  const values = series.find((each) => each.kid === kid && each.outcome === 'ok')?.values ?? [];
  return new Map(
    at.flatMap((atS, index) => {
      const value = values[index] ?? null;
      return value === null || value === 0 ? [] : [[atS, value] as const];
    }),
  );
}

/** Verifies at a steady rate, and with it what nobody knows. */
async function verify(t: Test, collector: CollectorProcess, issuer: string, kid: string) {
  const session = rawSession(collector.grpc);
  session.send(helloBytes({ instance: 'i1', issuer }));
  await session.welcome();
  for (let second = 1; second <= SECONDS; second += 1) {
    const count = BigInt(PER_SECOND * second);
    session.send(
      reportBytes(
        1,
        second,
        keySetBytes(issuer, [kid]),
        acceptedBytes(issuer, kid, count),
        acceptedBytes(issuer, '</script>', count),
      ),
    );
    t.match(await session.acks(), [{ result: 'applied' }]);
    await sleep(1_000);
  }
  session.close();
}

t.test('what a fleet did is drawn from what a collector kept, over a restart', async (t) => {
  const cleanup = teardownWith(t);
  const directory = await tempDirectory(cleanup);
  const issuer = await startRotatingIssuer(cleanup);
  const { issuer: iss } = issuer;
  const { kid } = issuer.old.ref;
  const settings = { issuers: [issuer.settings], policy: POLICY };
  let collector = await startCollectorProcess(directory, settings);
  cleanup.add('collector', () => collector.child.kill());
  await keyPublished(collector, kid);
  await sleep(2_500);
  await verify(t, collector, iss, kid);

  const before = await tokensOf(collector, iss);
  t.strictSame(
    new Set(before.series.map((each) => each.of)),
    new Set(['kid', 'foreign']),
    'a kid that nobody knows has no name',
  );
  const points = pointsOf(before, kid);
  t.ok(points.size > 0);
  for (const value of points.values()) {
    t.ok(value > 0 && value <= 2 * PER_SECOND, `${value} a second`);
  }
  t.notMatch(JSON.stringify(before), '</script>');
  const live = await collector.api.get('/v1/live/snapshot');
  t.type(live.body.tick.versions.history, 'number');

  await collector.child.stop();
  await sleep(1_000);
  collector = await startCollectorProcess(directory, settings);
  const after = pointsOf(await tokensOf(collector, iss), kid);
  for (const [atS, value] of points) {
    // The bucket in which it stopped may have had a moment more.
    t.ok(Math.abs((after.get(atS) ?? 0) - value) < PER_SECOND, `the point of ${atS} is kept`);
  }
  const verifier: VerifierHistoryView = (
    await collector.api.get('/v1/history/verifiers/orders/i1/jwks')
  ).body;
  t.match(verifier.events, [{ what: 'first_seen' }, { what: 'keys', added: [kid] }]);
  const query = new URLSearchParams({ issuer: iss });
  const jwks: IssuerHistoryView = (
    await collector.api.get(`/v1/history/issuers?${query.toString()}`)
  ).body;
  t.match(jwks.events, [{ what: 'document', first: true, keys: [{ kid }] }]);
  t.equal(jwks.events.length, 1, 'the same document after the restart is no change');
});
