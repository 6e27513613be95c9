import { once } from 'node:events';
import { startTraffic } from '../harness/traffic.ts';
import type { TruthKeeper } from '../harness/truth.ts';
import type { Fleet } from './fleet.ts';
import { WEB } from './fleet.ts';
import type { Narrator } from './narrator.ts';
import { TIMINGS } from './timings.ts';

/** Leaves everything running with traffic, says where it is, and waits for Ctrl-C. */
export async function stayUp(
  tell: Narrator,
  fleet: Fleet,
  truth: TruthKeeper,
  interrupted: AbortSignal,
): Promise<void> {
  const traffic = startTraffic({
    issuer: fleet.issuer,
    callers: [WEB, WEB],
    targets: () => fleet.targets,
    everyMs: TIMINGS.requestEveryMs,
    truth,
  });
  tell.blank();
  tell.title('Still running');
  tell.table([
    ['dashboard', `${fleet.collectorUrl}/`],
    ['issuer JWKS', fleet.issuer.jwksUri],
    ...[...fleet.proxyUrls].map(([service, url]) => [`key proxy of ${service}`, url]),
    ['push API', fleet.pushUrl],
    ...[...fleet.targets].map(([instance, url]) => [instance, url]),
    ['files', fleet.directory],
  ]);
  tell.blank();
  tell.plain('In another terminal, in this directory:');
  const options = ['--collector', fleet.collectorUrl];
  const token = ['--token-file', fleet.operatorTokenFile];
  for (const words of [['status'], ['verifiers'], ['audit'], ['doctor', ...token]]) {
    tell.command(['pnpm', 'keyturn', ...words, ...options]);
  }
  tell.blank();
  tell.plain('Ctrl-C stops everything and removes the files.');
  if (!interrupted.aborted) await once(interrupted, 'abort');
  await traffic.stop();
}
