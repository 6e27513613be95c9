import type { IssuerGlanceView, RotationGlanceView } from '../../../../src/api/schemas/glance.ts';
import type { CollectorGlanceView, OverviewView } from '../../../../src/api/schemas/overview.ts';

export const NOW_MS: number = Date.parse('2026-11-27T03:00:00.000Z');
export const LATER = '2026-11-27T03:00:30.000Z';

/** A collector with which nothing is the matter. */
export const WELL: CollectorGlanceView = {
  version: '0.1.0',
  started_at: '2026-11-26T03:00:00.000Z',
  hold_down_until_at: null,
  store_failing_since_at: null,
  proof_failing: null,
  watchdog: 'fires',
  verifiers_known: 5,
  verifiers_max: 100,
  refused_verifiers: 0,
  dropped_rotations: 0,
  dropped_alerts: 0,
  dropped_notices: 0,
  dropped_keys: 0,
  receivers_failing: [],
  receivers: 1,
};

/** An issuer that is read everywhere, and all of whose verifiers report. */
export function issuer(more: Partial<IssuerGlanceView> = {}): IssuerGlanceView {
  return {
    issuer: 'https://issuer.example',
    control: 'ours',
    shared_secrets: false,
    standing: 'readable',
    read_counts_until_at: LATER,
    vantages: 2,
    failing: [],
    more_failing: 0,
    differs: false,
    keys_published: 2,
    reused_kids: 0,
    open_rotations: 0,
    fleet: { services: 2, verifiers: 5, reporting: 5, silent: 0, joined: 0 },
    ...more,
  };
}

/** A rotation that waits for two of five verifiers. */
export function glance(more: Partial<RotationGlanceView> = {}): RotationGlanceView {
  return {
    id: 'r-1',
    issuer: 'https://issuer.example',
    algs: 'RS256',
    key_kind: 'public',
    old_kid: 'old',
    new_kid: 'new',
    phase: 'published',
    origin: 'declared',
    tainted: false,
    started_at: '2026-11-27T02:00:00.000Z',
    started_by: 'alice',
    findings: [],
    gates: [
      { gate: 'publish', status: 'open', advised: false },
      { gate: 'activate', status: 'closed', advised: false },
      { gate: 'rollback', status: 'closed', advised: false },
    ],
    next: {
      gate: 'activate',
      status: 'closed',
      reason: '2 verifiers lack it',
      more_reasons: 0,
      help: '',
      satisfied: 3,
      expected: 5,
      clears_at: null,
      open_since_at: null,
    },
    ...more,
  };
}

/** An overview on which nothing is the matter. */
export function overview(more: Partial<OverviewView> = {}): OverviewView {
  return {
    collector: WELL,
    alerts: { firing: 0, critical: 0, groups: [], more: 0 },
    rotations: [],
    more_rotations: 0,
    issuers: [issuer()],
    more_issuers: 0,
    ...more,
  };
}
