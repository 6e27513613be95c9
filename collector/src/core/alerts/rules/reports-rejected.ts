import { moment } from '@keyturn/shared/model/moment.ts';
import type { Check } from '@keyturn/shared/model/verdict.ts';
import { withinBounds } from '../../gates/health.ts';
import { KEYS_PER_ISSUER_MAX } from '../../issuers.ts';
import { isOver, type Rejections } from '../../rejections.ts';
import type { Now, State } from '../../state.ts';
import type { AlertRule, Judgement } from '../judgement.ts';
import { isPartlyUnheard, openAlerts, servicesWatched } from '../spoken-of.ts';

/** One or two are an agent that met a restart, or a person who removed it. */
export const REJECTIONS_MIN = 3;

/** Verifiers turned away at the bound, messages and reports refused, keys that found no room. */
export const reportsRejected: AlertRule = {
  names: ['ReportsRejected'],
  judge: (state, now) => [
    ...turnedAway(state, now),
    ...ofServices(state, now),
    ...droppedKeys(state),
    ...unheard(state),
  ],
};

/** What concerns no service: the fleet's bound, and messages nobody known sent. */
function turnedAway(state: State, now: Now): readonly Judgement[] {
  const bounds: Check = withinBounds(state, now);
  const anonymous = lasting(state, '', now);
  const causes = [
    ...(bounds.status === 'pass' ? [] : [bounds.message]),
    ...(anonymous === undefined ? [] : [sentence(anonymous)]),
  ];
  const [first] = causes;
  if (first === undefined) return [];
  const details = anonymous === undefined ? [bounds.help] : [`the last one: ${anonymous.reason}`];
  return [
    { status: 'present', name: 'ReportsRejected', labels: {}, summary: causes.join('; '), details },
  ];
}

function ofServices(state: State, now: Now): readonly Judgement[] {
  return [...state.rejections.keys()].flatMap((service): Judgement[] => {
    const found = service === '' ? undefined : lasting(state, service, now);
    if (found === undefined) return [];
    return [
      {
        status: 'present',
        name: 'ReportsRejected',
        labels: { service },
        summary: `service ${service}: ${sentence(found)}`,
        details: [`the last one: ${found.reason}`],
      },
    ];
  });
}

function droppedKeys(state: State): readonly Judgement[] {
  if (state.health.droppedKeyAtMs === null) return [];
  return [...state.issuers.values()]
    .filter(({ keys }) => keys.size >= KEYS_PER_ISSUER_MAX)
    .map(({ issuer }) => ({
      status: 'present',
      name: 'ReportsRejected',
      labels: { issuer },
      summary: `${issuer} has published more than ${KEYS_PER_ISSUER_MAX} keys, and new ones are not seen`,
    }));
}

function lasting(state: State, service: string, now: Now): Rejections | undefined {
  const found = state.rejections.get(service);
  return found !== undefined && found.count >= REJECTIONS_MIN && !isOver(found, now)
    ? found
    : undefined;
}

// By the order of its size: each number would be news.
function sentence({ count, sinceMs }: Rejections): string {
  const many = count < 10 ? 'some' : `more than ${10 ** Math.floor(Math.log10(count))}`;
  return `${many} reports or hellos were turned away since ${moment(sinceMs)}`;
}

/** Who is silent sends nothing that could be turned away. */
function unheard(state: State): readonly Judgement[] {
  return openAlerts(state, 'ReportsRejected').flatMap(({ name, labels }): Judgement[] => {
    if (labels.service === undefined) return [];
    const groups = [...servicesWatched(state)]
      .filter(({ service }) => service === labels.service)
      .flatMap((watched) => watched.groups);
    return isPartlyUnheard(groups) ? [{ status: 'unknown', name, labels }] : [];
  });
}
