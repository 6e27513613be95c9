import { counted } from '@keyturn/shared/model/counted.ts';
import { formatDuration } from '@keyturn/shared/settings.ts';
import type { PropagationView } from '../../api/schemas/propagation.ts';
import type { Paint } from '../paint.ts';
import { toTheSecond, until } from './time.ts';
import { nameOf } from './verdict.ts';

const NAMES_SHOWN_MAX = 5;

/** How an observed key comes to the verifiers, and what it risks; nothing for other rotations. */
export function propagationLines(
  propagation: PropagationView | null,
  nowMs: number,
  paint: Paint,
): string[] {
  if (propagation === null) return [];
  const { risk, reasons } = propagation;
  return [
    '  advisory: nobody here takes these steps; the issuer does not ask',
    `  risk ${riskWord(risk, paint)}: ${reasons.join('; ')}`,
    `  new key: ${spreadSentence(propagation)}`,
    ...lackingLine(propagation),
    `  lead: ${leadSentence(propagation)}`,
    ...(propagation.known_by === null
      ? []
      : [`  every verifier has it by its profile ${until(propagation.known_by, nowMs)}`]),
    ...oldTokensLine(propagation),
  ];
}

function riskWord(risk: PropagationView['risk'], paint: Paint): string {
  if (risk === 'low') return paint.green(risk);
  return risk === 'high' ? paint.red(risk) : paint.yellow(risk);
}

/** `3 of 5 verifiers know it (2 present, 1 verified); 1 refuses it, 1 unheard`. */
export function spreadSentence(propagation: PropagationView): string {
  const grades = Object.entries(propagation.by_grade).map(([grade, n]) => `${n} ${grade}`);
  const parts = [
    `${propagation.knowing} of ${counted(propagation.verifiers, 'verifier')} would accept it${grades.length === 0 ? '' : ` (${grades.join(', ')})`}`,
  ];
  if (propagation.refusing > 0) parts.push(`${propagation.refusing} would refuse it`);
  if (propagation.doubtful > 0) parts.push(`${propagation.doubtful} in doubt`);
  if (propagation.unheard > 0) parts.push(`${propagation.unheard} not heard`);
  parts.push(counted(propagation.failures, 'failure'));
  return parts.join('; ');
}

/** What lead the issuer gave, beside what verifiers may need. */
export function leadSentence({ lead_s, needed_lead_s }: PropagationView): string {
  const needed =
    needed_lead_s === null
      ? 'some verifier may need any time'
      : `verifiers may need ${formatDuration(needed_lead_s * 1_000)}`;
  if (lead_s === null) return `none, for the key is not published everywhere; ${needed}`;
  if (lead_s < 0) return `none, for the key was used before it was published; ${needed}`;
  return `${formatDuration(lead_s * 1_000)} since publication; ${needed}`;
}

function lackingLine({ lacking }: PropagationView): string[] {
  if (lacking.length === 0) return [];
  const names = lacking.slice(0, NAMES_SHOWN_MAX).map((one) => `${nameOf(one)} ${one.state}`);
  const more = lacking.length > names.length ? ', …' : '';
  return [`    ${names.join(', ')}${more}`];
}

function oldTokensLine({ old_tokens_until, removed_early }: PropagationView): string[] {
  if (old_tokens_until === null) return [];
  const early = removed_early ? ', and the old key is gone already' : '';
  return [`  tokens of the old key may live until ${toTheSecond(old_tokens_until)}${early}`];
}
