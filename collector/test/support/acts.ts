import type { Act } from '../../src/core/acts.ts';
import { ISSUER, serviceOf } from './policies.ts';

type ActOf<T extends Act['type']> = Extract<Act, { readonly type: T }>;

/** Acts on rotation r-1 of `rotating`, to be varied one field at a time. */
export const START: ActOf<'start'> = {
  type: 'start',
  id: 'r-2',
  by: 'tester',
  issuer: ISSUER,
  alg: 'RS256',
  oldKid: null,
  newKid: 'new',
  newThumbprint: null,
};
export const DECLARE: ActOf<'declare'> = {
  type: 'declare',
  by: 'tester',
  rotationId: 'r-1',
  step: 'activate',
  overrideReason: null,
};
export const ATTEST: ActOf<'attest'> = {
  type: 'attest',
  id: 'att-1',
  by: 'tester',
  rotationId: 'r-1',
  service: 'ledger',
  instance: null,
  fact: 'holds_new',
  reason: 'deployed',
  validForMs: 60_000,
};
export const WAIVE: ActOf<'waive'> = {
  type: 'waive',
  id: 'wvr-1',
  by: 'tester',
  rotationId: 'r-1',
  gate: 'activate',
  checkId: 'fleet_heard',
  reason: 'known',
  validForMs: 60_000,
};
export const REMOVE: ActOf<'remove_verifier'> = {
  type: 'remove_verifier',
  by: 'tester',
  service: 'orders',
  instance: 'a',
  cache: null,
  reason: 'gone',
};

/** A service whose readiness somebody must vouch for. */
export const LEDGER = serviceOf('ledger', { evidence: 'attested', instances: null });

/** A population nobody can see. */
export const MOBILE = serviceOf('mobile-app', {
  kind: 'unmanaged',
  evidence: 'timed',
  instances: null,
  population: {
    cohorts: [{ percentile: 100, withinMs: 60_000 }],
    coverPercentile: 100,
    dropsWithRefresh: true,
  },
});
