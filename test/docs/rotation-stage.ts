import { join } from 'node:path';
import * as jose from 'jose';
import type { Test } from 'tap';
import { createAgent, observeJose } from '@keyturn/agent';
import type { CollectorProcess } from '../harness/collector-process.ts';
import { QUICK_POLICY, startCollectorProcess } from '../harness/collector-process.ts';
import { eventually } from '../harness/eventually.ts';
import { keyturn } from '../harness/keyturn-cli.ts';
import type { Teardown } from '../harness/teardown.ts';
import { teardownWith } from '../harness/teardown-with.ts';
import { tempDirectory } from '../harness/temp-directory.ts';
import { startJoseVerifier } from '../harness/verifiers/jose.ts';
import { makeCommandDirectory } from './command-directory.ts';
import type { BlockStage } from './run-block.ts';
import { ISSUER_ACTS, startStageIssuer } from './stage-issuer.ts';
import type { StageIssuer, StageIssuerOptions } from './stage-issuer.ts';

/** Every time cut to seconds; the verifiers are really configured with them. */
const TOKEN_S = 3;
const CACHE_MS = 1_000;
const COOLDOWN_MS = 200;

/** An issuer that can rotate, verifiers that trust it, a collector that hears of both. */
export interface RotationStage extends BlockStage {
  readonly cleanup: Teardown;
  readonly issuer: StageIssuer;
  readonly collector: CollectorProcess;
  /** `keyturn`, from outside of the block. */
  keyturn(...args: readonly string[]): Promise<string>;
}

export async function startRotationStage(
  t: Test,
  options: StageIssuerOptions,
): Promise<RotationStage> {
  const cleanup = teardownWith(t);
  const directory = await tempDirectory(cleanup);
  const issuer = await startStageIssuer(cleanup, options);
  const collector = await startCollectorProcess(directory, settings(options.issuer, issuer));
  cleanup.add('collector', () => collector.child.kill());
  const scripts = Object.keys(ISSUER_ACTS).map(
    (name) => [name, `exec curl -fsS -o /dev/null -X POST ${issuer.url}/${name}`] as const,
  );
  return {
    cleanup,
    issuer,
    collector,
    cwd: directory,
    commands: await makeCommandDirectory(join(directory, 'bin'), Object.fromEntries(scripts)),
    env: {
      KEYTURN_COLLECTOR: collector.url,
      KEYTURN_OPERATOR_TOKEN_FILE: collector.tokenFile,
    },
    async keyturn(...args) {
      const ended = await keyturn(collector, ...args);
      t.equal(ended.code, 0, `keyturn ${args.join(' ')}: ${ended.stderr}`);
      return ended.stdout;
    },
  };
}

function settings(name: string, { jwksUri }: StageIssuer) {
  return {
    issuers: [
      {
        issuer: name,
        jwks_uri: jwksUri,
        watch_interval: '500ms',
        max_token_lifetime: `${TOKEN_S}s`,
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
          refresh: `${CACHE_MS}ms`,
          cooldown: `${COOLDOWN_MS}ms`,
          new_kid_refused: `${COOLDOWN_MS}ms`,
          removed_key_accepted: `${CACHE_MS}ms`,
        },
      },
    ],
    policy: { ...QUICK_POLICY, retire_safety: '500ms' },
  };
}

/** How the requests of a stage's clients ended. */
export interface Requests {
  readonly accepted: number;
  /** Why valid tokens were refused. */
  readonly refusals: readonly string[];
}

/** Two instances of a service with jose in them, and clients whose tokens are always valid. */
export async function startVerifiers(
  { cleanup, collector, issuer }: Pick<RotationStage, 'cleanup' | 'collector' | 'issuer'>,
  name: string,
): Promise<Requests> {
  const urls = await Promise.all(
    ['orders-1', 'orders-2'].map(async (instance) => {
      const agent = createAgent({
        service: 'orders',
        instance,
        issuer: name,
        collector: collector.grpc,
      });
      cleanup.add(instance, () => agent.close());
      const options = { issuer: name, jwksUri: issuer.jwksUri };
      const caches = { cacheMaxAgeMs: CACHE_MS, cooldownMs: COOLDOWN_MS };
      const verifier = await startJoseVerifier({ ...options, ...caches }, observeJose(jose, agent));
      cleanup.add(`${instance} listens`, () => verifier.close());
      return verifier.url;
    }),
  );
  let accepted = 0;
  const refusals: string[] = [];
  const inFlight = new Set<Promise<void>>();
  const ask = async (url: string): Promise<void> => {
    const token = await issuer.token(TOKEN_S);
    const authorization = `Bearer ${token}`;
    const response = await fetch(url, { headers: { authorization } });
    const answer = (await response.json()) as { accepted: boolean; reason: string };
    // A machine that is slow enough makes any token expire on its way.
    const isStillValid = Date.now() < (jose.decodeJwt(token).exp ?? 0) * 1_000;
    if (answer.accepted) accepted += 1;
    else if (isStillValid) refusals.push(answer.reason);
  };
  const timer = setInterval(() => {
    for (const url of urls) {
      const request = ask(url).catch((error: unknown) => void refusals.push(String(error)));
      inFlight.add(request);
      void request.finally(() => inFlight.delete(request));
    }
  }, 200);
  cleanup.add('clients', async () => {
    clearInterval(timer);
    await Promise.all(inFlight);
  });
  return {
    get accepted() {
      return accepted;
    },
    refusals,
  };
}

/** Starts the rotation and publishes the new key; gives the rotation's id. */
export async function publishNewKey(
  { collector, issuer }: RotationStage,
  { issuer: name, alg, oldKid, newKid }: StageIssuerOptions,
): Promise<string> {
  const published = (kid: string): Promise<string> =>
    eventually(`${kid} is seen in the JWKS`, async () => {
      const { body } = await collector.api.get('/v1/issuers');
      const keys: { kid: string; published_at: string | null }[] = body.issuers[0].keys;
      return keys.find((key) => key.kid === kid)?.published_at ?? undefined;
    });
  await published(oldKid);
  const start = { issuer: name, alg, new_kid: newKid, by: 'test' };
  const started = await collector.api.post('/v1/rotations', start);
  issuer.publish();
  await published(newKid);
  return started.body.rotation.id;
}

/** A service that keeps the first key it was told of; gives its name, instance and cache. */
export function startLaggard({ cleanup, collector, issuer }: RotationStage, name: string): string {
  const id = { service: 'orders', instance: 'orders-1' };
  const agent = createAgent({ ...id, issuer: name, collector: collector.grpc });
  cleanup.add(id.instance, () => agent.close());
  const keys = agent.verifier({ cache: 'jwks', profile: 'npm-jose' });
  keys.setKeys(name, { jwks: issuer.keys() });
  return `${id.service}/${id.instance}/jwks`;
}
