import { counted } from '@keyturn/shared/model/counted.ts';
import type { CanariesView } from '../schemas/rotation.ts';

/** `2 verifiers take the new key, 1 lacks it, 0 take anything, 0 unclear`; empty before any probe. */
export function probedSentence(probed: CanariesView['verifiers']): string {
  const { knows_new, lacks_new, takes_anything, unclear } = probed;
  if (knows_new + lacks_new + takes_anything + unclear === 0) return '';
  const [takes, lacks, anything] = [
    knows_new === 1 ? 'takes' : 'take',
    lacks_new === 1 ? 'lacks' : 'lack',
    takes_anything === 1 ? 'takes' : 'take',
  ];
  return `${counted(knows_new, 'verifier')} ${takes} the new key, ${lacks_new} ${lacks} it, ${takes_anything} ${anything} anything, ${unclear} unclear`;
}
