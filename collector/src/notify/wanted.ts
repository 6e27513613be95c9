import type { AlertRecord } from '../core/alerts/alert.ts';
import { SEVERITIES, type Severity } from '../core/alerts/catalogue.ts';
import type { News } from '../core/alerts/notice.ts';
import type { OutboxReceiver } from './receiver.ts';

/** Whether a severity asks for at least as much as another. */
export function isAtLeast(severity: Severity, min: Severity): boolean {
  return SEVERITIES.indexOf(severity) <= SEVERITIES.indexOf(min);
}

/** Whether a receiver wants to be told of a piece of news. */
export function isWanted(receiver: OutboxReceiver, news: News): boolean {
  if (news.kind === 'rotation') return receiver.sendSteps;
  if (news.change === 'resolved' && !receiver.sendResolved) return false;
  return isAtLeast(worstOf(news.alert), receiver.minSeverity);
}

/** Whoever was told that it was critical is told what becomes of it, whatever it is by then. */
function worstOf({ severity, told }: AlertRecord): Severity {
  return told !== null && isAtLeast(told.severity, severity) ? told.severity : severity;
}
