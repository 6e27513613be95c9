import type { ReceiverView } from '../api/schemas/receiver.ts';
import { fail, type Finding, ok, warn } from './finding.ts';
import { toTheSecond } from './render/time.ts';

/** Whether those who are told of alerts take what they are sent. */
export function receiverFindings(receivers: readonly ReceiverView[]): Finding[] {
  if (receivers.length === 0) {
    return [
      warn(
        'nobody is told of alerts',
        'name receivers in the collector settings (docs/receivers.md)',
      ),
    ];
  }
  return receivers.flatMap((receiver) => [standing(receiver), ...missed(receiver)]);
}

function standing(receiver: ReceiverView): Finding {
  const { name, error, failing_since_at: sinceAt, delivered_at: deliveredAt, waiting } = receiver;
  const test = `keyturn alerts test ${name}`;
  if (sinceAt !== null) {
    const waits = waiting === 0 ? '' : `; ${waiting} wait for it`;
    return fail(
      `receiver ${name} does not take what it is sent since ${toTheSecond(sinceAt)}: ${error ?? ''}${waits}`,
      test,
    );
  }
  return deliveredAt === null
    ? warn(`receiver ${name} was sent nothing since the collector started`, test)
    : ok(`receiver ${name} takes what it is sent`);
}

function missed({ name, given_up: givenUp }: ReceiverView): Finding[] {
  if (givenUp === 0) return [];
  return [
    warn(
      `receiver ${name} was not told ${givenUp} piece${givenUp === 1 ? '' : 's'} of news of the last day`,
      'keyturn audit, which names them (notice_given_up), then keyturn alerts',
    ),
  ];
}
