import type { RotationView } from '../../../api/schemas/rotation.ts';
import type { VerdictView } from '../../../api/schemas/verdict.ts';

type Gate = VerdictView['gate'];

/** What a phase means, for somebody who has just been woken up. */
export const PHASE_WORDS: Readonly<Record<RotationView['phase'], string>> = {
  staged: 'the new key is not served everywhere yet',
  published: 'verifiers are learning the new key; the old one signs',
  ready: 'verifiers know the new key; the old one still signs',
  active: 'the new key signs; tokens of the old one are running out',
  drained: 'the new key signs, and no token of the old one is left',
  withdrawn: 'the old key is served nowhere; caches may still accept it',
  gone: 'complete: nobody accepts the old key any more',
  aborted: 'aborted: it was not carried through',
};

/** The same where keys are shared secrets, which nobody serves. */
export const SECRET_PHASE_WORDS: Readonly<Record<RotationView['phase'], string>> = {
  ...PHASE_WORDS,
  staged: 'the new secret has not been handed out yet',
  withdrawn: 'the old secret was declared to be dropped; verifiers may still accept it',
};

/** What is asked before each act. */
export const GATE_QUESTIONS: Readonly<Record<Gate, string>> = {
  publish: 'Safe to publish the new key?',
  activate: 'Safe to sign with the new key?',
  retire: 'Safe to remove the old key?',
  purge: 'Has everybody dropped the old key?',
  rollback: 'Safe to go back to the old key?',
};

/** Where a rotation stands, in words. */
export function phaseWords({
  phase,
  key_kind,
  tainted,
}: Pick<RotationView, 'phase' | 'key_kind' | 'tainted'>): string {
  // Its tokens may live on, and are cut off all the same.
  if (tainted && phase === 'drained')
    return 'the new key signs; tokens of the tainted one are not waited for';
  return (key_kind === 'secret' ? SECRET_PHASE_WORDS : PHASE_WORDS)[phase];
}

/** `RS256 → ES256` where a rotation changes the algorithm. */
export function algWords({
  alg,
  old_alg,
}: {
  readonly alg: string;
  readonly old_alg: string;
}): string {
  return old_alg === '' || old_alg === alg ? alg : `${old_alg} → ${alg}`;
}
