// A service whose verifier reads an old copy of the JWKS, in a process of its own: jose as Keyturn
// observes it, real tokens at a steady rate, and a counter for Prometheus as people keep one today.

import { createServer } from 'node:http';
import * as jose from 'jose';
import { createAgent, observeJose } from '@keyturn/agent';
import { listenOnLoopback } from '../../harness/listen.ts';

/** What the process is told on its command line, as JSON. */
export interface FailingVerifierSettings {
  readonly issuer: string;
  /** Serves the old key alone, whatever the issuer publishes. */
  readonly staleJwksUri: string;
  readonly collector: string;
  readonly instance: string;
  readonly metricsPort: number;
  readonly perSecond: number;
  /** Share of the tokens that are the new key's, once it was told to break. */
  readonly share: number;
  readonly goodToken: string;
  readonly newToken: string;
}

/** Sent to the parent when the first token was refused: Unix ms. */
export interface FirstFailure {
  readonly firstFailureAtMs: number;
}

const settings = JSON.parse(process.argv[2] ?? '{}') as FailingVerifierSettings;
const { issuer, perSecond, share } = settings;

const agent = createAgent({
  service: 'orders',
  instance: settings.instance,
  issuer,
  collector: settings.collector,
});
const { createRemoteJWKSet, jwtVerify } = observeJose(jose, agent);
const keys = createRemoteJWKSet(new URL(settings.staleJwksUri));

const counts = { ok: 0, failed: 0 };
let isBroken = false;
let presented = 0;

async function verifyOne(): Promise<void> {
  presented += 1;
  const isNew = isBroken && presented % Math.round(1 / share) === 0;
  try {
    await jwtVerify(isNew ? settings.newToken : settings.goodToken, keys, { issuer });
    counts.ok += 1;
  } catch {
    counts.failed += 1;
    if (counts.failed === 1) process.send?.({ firstFailureAtMs: Date.now() });
  }
}

const metrics = createServer((_request, response) => {
  response.end(
    [
      '# TYPE jwt_verifications_total counter',
      `jwt_verifications_total{outcome="ok"} ${counts.ok}`,
      `jwt_verifications_total{outcome="failed"} ${counts.failed}`,
      '',
    ].join('\n'),
  );
});
await listenOnLoopback(metrics, settings.metricsPort);

process.on('message', () => {
  isBroken = true;
});
setInterval(() => void verifyOne(), 1_000 / perSecond);
process.send?.('ready');
