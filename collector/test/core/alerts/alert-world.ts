import { alertIdentity, type AlertRecord } from '../../../src/core/alerts/alert.ts';
import type { Judgement } from '../../../src/core/alerts/judgement.ts';
import { reconcile } from '../../../src/core/alerts/reconcile.ts';
import { tellAlerts } from '../../../src/core/alerts/telling.ts';
import type { Now, State } from '../../../src/core/state.ts';
import type { Write } from '../../../src/core/writes.ts';
import { policyOf, START_MS } from '../../support/policies.ts';
import { World } from '../../support/world.ts';

/** A state without alerts, and moments in seconds after its start. */
export function worldOf(receivers: readonly string[] = []): {
  readonly state: State;
  readonly at: (seconds: number) => Now;
} {
  const alerts = {
    onAlert: 'close',
    calmForMs: 300_000,
    stalledAfterMs: 604_800_000,
    receivers,
    alertmanagers: [],
  } as const;
  const { state } = new World(policyOf([], { alerts }));
  const at = (seconds: number): Now => {
    const atMs = START_MS + seconds * 1_000;
    return { atMs, earliestMs: atMs };
  };
  return { state, at };
}

type Present = Extract<Judgement, { readonly status: 'present' }>;

/** A judgement that something is so, which fires at once. */
export function presentOf(part: Partial<Present> = {}): Present {
  return {
    status: 'present',
    name: 'JwksRegressed',
    labels: { issuer: 'https://issuer.example' },
    summary: 'an older set is served',
    ...part,
  };
}

/** Judges as a tick does, of the kinds of what is judged and those named. */
export function judge(
  state: State,
  judgements: readonly Judgement[],
  now: Now,
  kinds: readonly string[] = [],
): readonly Write[] {
  const writes: Write[] = [];
  const names = new Set([...judgements.map(({ name }) => name), ...kinds, 'JwksRegressed']);
  reconcile(state, names, judgements, true, now, writes);
  tellAlerts(state, now, writes);
  return writes;
}

/** The alert of an identity as it is now. */
export function alertOf(state: State, { name, labels }: Judgement): AlertRecord | undefined {
  return state.alerts.get(alertIdentity(name, labels));
}
