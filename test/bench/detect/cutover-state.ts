import type { Verifier } from '@keyturn/collector/core/fleet.ts';
import { initialState } from '@keyturn/collector/core/initial.ts';
import type { State } from '@keyturn/collector/core/state.ts';
import { type Input, step } from '@keyturn/collector/core/step.ts';
import { openMemoryStore } from '@keyturn/collector/store/memory.ts';
import type { KeyRef } from '@keyturn/shared/model/ids.ts';
import type { KidCounts } from '@keyturn/shared/model/report.ts';
import { ISSUER, policyFor, VANTAGE } from '../fleet.ts';

export { ISSUER } from '../fleet.ts';

/** When scenes begin: a midnight. */
export const START_MS = Date.UTC(2026, 0, 3);

const HOUR_MS = 3_600_000;
const SESSION = 'bench';

/**
 * A collector's state two hours after its start, made by real inputs: a key that was withdrawn long
 * after its last token, one that signs, and perhaps a rotation to a new one that is published.
 */
export function cutoverState(
  inRotation: boolean,
  verifiers: number,
): { readonly state: State; readonly verifiers: readonly Verifier[] } {
  let atMs = START_MS - 2 * HOUR_MS;
  const state = initialState(policyFor(verifiers), openMemoryStore().load(), {
    atMs,
    earliestMs: atMs,
  });
  const take = (input: Input): void => {
    step(state, input, { atMs, earliestMs: atMs });
  };
  const ids = Array.from({ length: verifiers }, (_, i) => ({
    service: 'service-0',
    instance: `i${i}`,
    cache: 'jwks',
  }));
  const sight = (...kids: string[]): void => {
    for (let time = 0; time < 2; time += 1) take(sightingOf(kids.map(keyOf)));
  };
  sight('gone', 'current');
  take({
    type: 'hello',
    session: SESSION,
    hello: {
      bootId: 'ab'.repeat(16),
      agentVersion: '0',
      wallUnixMs: 0,
      verifiers: ids.map((id, handle) => ({
        handle,
        id,
        profile: 'npm-jose',
        // It cannot look into tokens: an expired token of a withdrawn key is an unknown kid to it.
        source: 'pushed' as const,
        issuers: [ISSUER],
        cacheKind: 'public' as const,
      })),
    },
  });
  for (const [handle, verifier] of ids.entries()) take(reportOf(handle, verifier, atMs));
  atMs += HOUR_MS;
  sight('current');
  if (inRotation) {
    take({
      type: 'act',
      act: {
        type: 'start',
        id: 'r-bench',
        by: 'bench',
        issuer: ISSUER,
        alg: 'RS256',
        oldKid: 'current',
        newKid: 'new',
        newThumbprint: null,
      },
    });
    sight('current', 'new');
  }
  return { state, verifiers: [...state.fleet.verifiers.values()] };
}

function keyOf(kid: string): KeyRef {
  return { kid, thumbprint: kid.padEnd(43, '0'), alg: 'RS256' };
}

function sightingOf(keys: readonly KeyRef[]): Input {
  return {
    type: 'sighting',
    sighting: {
      issuer: ISSUER,
      vantage: VANTAGE,
      result: {
        ok: true,
        keys,
        untrackedKeys: 0,
        bytes: 900,
        documentSha256: '',
        maxAgeS: null,
        staleS: 0,
        ageS: null,
        originDateMs: null,
      },
    },
  };
}

function reportOf(
  handle: number,
  verifier: { readonly service: string; readonly instance: string; readonly cache: string },
  atMs: number,
): Input {
  const iat = Math.floor(atMs / 1_000);
  const counts: KidCounts = {
    issuer: ISSUER,
    key: { kind: 'kid', kid: 'gone' },
    outcomes: { ok: 1 },
    highestIat: iat - 600,
    highestExp: iat,
    longestLifetimeS: 600,
    acceptedWithoutExp: 0,
    acceptedWithoutIat: 0,
    lastAcceptedAgeMs: 0,
  };
  return {
    type: 'report',
    session: SESSION,
    verifier,
    report: {
      handle,
      epoch: 1,
      seq: 1,
      observedAgeMs: 0,
      keySets: [],
      counts: [counts],
      dropped: 0,
    },
  };
}
