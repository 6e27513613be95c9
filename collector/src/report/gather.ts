import { setImmediate } from 'node:timers/promises';
import { rehearsalsOf } from '../core/rehearsals.ts';
import { momentsOf, overlapTerms } from '../core/snapshot/overlap.ts';
import { usageKey } from '../core/state.ts';
import type { Engine } from '../engine-port.ts';
import type { StoredAuditEntry, StoredEvidence } from '../store/store.ts';
import type { ChainState, ReadEvidence, ReportFacts } from './report-facts.ts';

/** Snapshots in one report; of more, as many of the first as of the last. */
const SNAPSHOTS_MAX = 60;

/** Verifiers a report lists for each snapshot; the stored evidence has more. */
export const VERIFIERS_LISTED_MAX = 1_000;

const AUDIT_PAGE = 500;

/**
 * Reads everything a report needs, a piece at a time so that the collector goes on between them.
 * Undefined when there is no such rotation.
 */
export async function gatherFacts(
  engine: Engine,
  rotationId: string,
  version: string,
  chainNow: () => ChainState,
): Promise<ReportFacts | undefined> {
  if (!engine.state().rotations.has(rotationId)) return undefined;
  // Evidence before the trail: the entry that vouches for it is committed with it.
  const { evidence, leftOut } = await evidenceOf(engine, rotationId);
  const trail = await trailOf(engine, rotationId);
  const chain = chainNow();
  // From here on without a pause: what memory holds is of one moment.
  const state = engine.state();
  const rotation = state.rotations.get(rotationId);
  if (rotation === undefined) return undefined;
  const issuer = state.issuers.get(rotation.issuer);
  const ofRotation = <R extends { readonly rotationId: string }>(records: Iterable<R>): R[] =>
    [...records].filter((record) => record.rotationId === rotationId);
  return {
    version,
    rotation,
    moments: momentsOf(state, rotation),
    overlap: overlapTerms(state, rotation, engine.nowMs()),
    oldUsage: state.usage.get(usageKey(rotation.issuer, rotation.oldKid)) ?? null,
    reusedKids: [rotation.oldKid, rotation.newKid].filter(
      (kid) => issuer?.reusedKids.has(kid) === true,
    ),
    attestations: ofRotation(state.attestations.values()),
    waivers: ofRotation(state.waivers.values()),
    rehearsals: rehearsalsOf(state, rotationId),
    evidence,
    evidenceLeftOut: leftOut,
    trail,
    chain,
  };
}

async function trailOf(engine: Engine, rotationId: string): Promise<StoredAuditEntry[]> {
  const trail: StoredAuditEntry[] = [];
  for (;;) {
    const after = trail.at(-1)?.number ?? 0;
    const page = engine.audit({ rotationId, after, limit: AUDIT_PAGE });
    trail.push(...page);
    if (page.length < AUDIT_PAGE) return trail;
    await setImmediate();
  }
}

async function evidenceOf(
  engine: Engine,
  rotationId: string,
): Promise<{ readonly evidence: ReadEvidence[]; readonly leftOut: number }> {
  const count = engine.state().evidence.get(rotationId)?.count ?? 0;
  const numbers = Array.from({ length: count }, (_, n) => n + 1);
  const wanted =
    count <= SNAPSHOTS_MAX
      ? numbers
      : [...numbers.slice(0, SNAPSHOTS_MAX / 2), ...numbers.slice(-SNAPSHOTS_MAX / 2)];
  const evidence: ReadEvidence[] = [];
  for (const number of wanted) {
    const stored = engine.evidence(rotationId, number);
    if (stored !== undefined) evidence.push(listed(stored));
    await setImmediate();
  }
  return { evidence, leftOut: count - wanted.length };
}

function listed({ record, sha256 }: StoredEvidence): ReadEvidence {
  const verifiers = record.verifiers.slice(0, VERIFIERS_LISTED_MAX);
  return {
    record: { ...record, verifiers },
    sha256,
    verifiersMore: record.verifiers.length - verifiers.length,
  };
}
