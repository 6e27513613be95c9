import type { ReceiverHealth, TestAnswer } from '../../notify/notifier.ts';
import type { ReceiverTestView, ReceiverView } from '../schemas/receiver.ts';
import { isoMomentOrNull } from '../../iso-moment.ts';

export function receiverView(health: ReceiverHealth): ReceiverView {
  const { name, type, hosts, error, waiting, givenUp } = health;
  return {
    name,
    type,
    hosts: [...hosts],
    failing_since_at: isoMomentOrNull(health.failingSinceMs),
    error,
    delivered_at: isoMomentOrNull(health.deliveredAtMs),
    waiting,
    given_up: givenUp,
  };
}

export function receiverTestView(
  receiver: string,
  answers: readonly TestAnswer[],
): ReceiverTestView {
  return {
    receiver,
    taken: answers.every(({ result }) => result.ok),
    answers: answers.map(({ host, result, tookMs }) => ({
      host,
      ok: result.ok,
      status: result.status,
      message: result.ok ? result.text : result.message,
      took_ms: Math.round(tookMs),
    })),
  };
}
