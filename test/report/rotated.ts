import type { CollectorProcess } from '../harness/collector-process.ts';
import { QUICK_POLICY, startCollectorProcess } from '../harness/collector-process.ts';
import { keyturn } from '../harness/keyturn-cli.ts';
import type { Ended } from '../harness/run-to-end.ts';
import type { Teardown } from '../harness/teardown.ts';
import { startVerifiers } from '../docs/rotation-stage.ts';
import { type ISSUER_ACTS, startStageIssuer } from '../docs/stage-issuer.ts';
import { keyPublished, keyWithdrawn } from '../e2e/rotating-issuer.ts';

const ISSUER = {
  issuer: 'https://login.example.com',
  alg: 'RS256',
  oldKid: '2026-10',
  newKid: '2026-11',
} as const;

/** A rotation that is over, and the collector that knows of it. */
export interface Rotated {
  readonly rotation: string;
  readonly collector: CollectorProcess;
  /** The first process ends, another goes on with its data. */
  restart(): Promise<CollectorProcess>;
}

/**
 * Rotates a key under real verifiers through the real programs, with every time cut to seconds. One
 * step is tried too early, and one service is vouched for by a person.
 *
 * @throws Error when a command does not end as it should.
 */
export async function rotateKey(cleanup: Teardown, directory: string): Promise<Rotated> {
  const issuer = await startStageIssuer(cleanup, ISSUER);
  const start = () => startCollectorProcess(directory, settings(issuer.jwksUri));
  let collector = await start();
  cleanup.add('collector', () => collector.child.kill());
  await startVerifiers({ cleanup, collector, issuer }, ISSUER.issuer);
  const run = (code: number, ...args: string[]) => ran(code, args, keyturn(collector, ...args));
  const act = async (name: keyof typeof ISSUER_ACTS): Promise<void> => {
    await fetch(`${issuer.url}/${name}`, { method: 'POST' });
  };
  const by = ['--by', 'ana'];
  const vouch = (fact: string, reason: string) =>
    run(0, 'attest', 'archive', '--fact', fact, '--reason', reason, '--valid-for', '1d', ...by);

  await keyPublished(collector, ISSUER.oldKid);
  const what = ['--issuer', ISSUER.issuer, '--alg', ISSUER.alg, '--new-kid', ISSUER.newKid];
  const started = await run(0, 'rotation', 'start', ...what, ...by);
  const [rotation = ''] = /r-\d{8}-[0-9a-f]{6}/.exec(started) ?? [];
  await run(3, 'rotation', 'activate', ...by);
  await run(0, 'gate', 'publish', '--wait', '--timeout', '40s');
  await run(0, 'rotation', 'publish', ...by);
  await act('add-key-to-jwks');
  // A word given before the key is out says nothing of verifiers that fetch.
  await keyPublished(collector, ISSUER.newKid);
  await vouch('holds_new', 'keys are deployed with release 41, checked on all three hosts');
  await run(0, 'gate', 'activate', '--wait', '--timeout', '40s');
  await run(0, 'rotation', 'rehearse', '--old-key-available', ...by);
  await act('switch-signer');
  await run(0, 'rotation', 'activate', ...by);
  await run(0, 'gate', 'retire', '--wait', '--timeout', '60s');
  await run(0, 'rotation', 'retire', ...by);
  await act('remove-key-from-jwks');
  // As little does one given while the old key could still be fetched.
  await keyWithdrawn(collector, ISSUER.oldKid);
  await vouch('rejects_old', 'release 42 ships without the old key');
  await run(0, 'gate', 'purge', '--wait', '--timeout', '60s');
  await run(0, 'rotation', 'complete', ...by);
  return {
    rotation,
    collector,
    async restart() {
      await collector.child.kill();
      collector = await start();
      return collector;
    },
  };
}

function settings(jwksUri: string) {
  return {
    name: 'https://keyturn.example.com',
    issuers: [
      {
        issuer: ISSUER.issuer,
        jwks_uri: jwksUri,
        watch_interval: '500ms',
        max_token_lifetime: '3s',
        clock_skew: '0s',
        origin_spread: '0s',
        failed_fetch_allowance: '0s',
      },
    ],
    services: [
      {
        name: 'orders',
        instances: 2,
        profile: 'npm-jose',
        evidence: 'present',
        overrides: {
          refresh: '1s',
          cooldown: '200ms',
          new_kid_refused: '200ms',
          removed_key_accepted: '1s',
        },
      },
      { name: 'archive', instances: 3, evidence: 'attested', overrides: { new_kid_refused: '1s' } },
    ],
    policy: QUICK_POLICY,
  };
}

async function ran(code: number, args: readonly string[], ending: Promise<Ended>): Promise<string> {
  const ended = await ending;
  if (ended.code === code) return ended.stdout;
  throw new Error(`keyturn ${args.join(' ')}: exit ${ended.code}, ${ended.stdout}${ended.stderr}`);
}
