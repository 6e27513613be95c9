import type { StatusView } from '../api/schemas/status.ts';
import { fail, type Finding, warn } from './finding.ts';

/** What somebody else's rotation risks here; nothing while every verifier would take the new key. */
export function observedFindings({
  rotation,
  propagation,
}: StatusView['rotations'][number]): Finding[] {
  if (propagation === null || propagation.risk === 'low') return [];
  const what = `${rotation.issuer} rotates ${rotation.old_key.kid} to ${rotation.new_key.kid}, risk ${propagation.risk}: ${propagation.reasons.join('; ')}`;
  const todo = `keyturn rotation show ${rotation.id}`;
  return [propagation.risk === 'high' ? fail(what, todo) : warn(what, todo)];
}
