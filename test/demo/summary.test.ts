import t from 'tap';
import { missingFrom } from './summary.ts';
import type { GateTiming, Summary } from './summary.ts';

const opened: GateTiming = {
  askedAtSeconds: 1,
  firstAnswer: 'closed',
  firstReasons: ['attested'],
  openedAtSeconds: 2,
  waitedSeconds: 1,
};

const gated: Summary = {
  mode: 'gated',
  validTokensTried: 1_000,
  validTokensRejected: 0,
  requestsUnanswered: 0,
  forgedTokensTried: 6,
  forgedTokensAccepted: 0,
  overlapSeconds: 24,
  fixedWaitSeconds: 86_400,
  runbookWaitSeconds: 13,
  durationSeconds: 40,
  alert: null,
  gates: { publish: opened, activate: opened, retire: opened, purge: opened },
  rejections: [],
};
const impatient: Summary = {
  ...gated,
  mode: 'impatient',
  validTokensRejected: 5,
  alert: { name: 'VerificationFailures', raisedAfterSeconds: 1, overAfterSeconds: null },
  gates: {},
};

t.test('a run counts only when it showed what it claims', async (t) => {
  const shut: GateTiming = { ...opened, openedAtSeconds: null, waitedSeconds: null };
  const rows: readonly [string, Summary, readonly string[]][] = [
    ['gated, all well', gated, []],
    [
      'one valid token rejected',
      { ...gated, validTokensRejected: 1 },
      ['1 valid tokens were rejected'],
    ],
    [
      'a gate that stayed shut',
      { ...gated, gates: { ...gated.gates, purge: shut } },
      ['gate purge did not open'],
    ],
    [
      'a gate never asked',
      { ...gated, gates: { publish: opened, activate: opened, purge: opened } },
      ['gate retire did not open'],
    ],
    [
      'hardly any traffic',
      { ...gated, validTokensTried: 7 },
      ['only 7 valid tokens were tried, too few to mean much'],
    ],
    [
      'a verifier that takes anything',
      { ...gated, forgedTokensAccepted: 1 },
      ['1 of 6 forged tokens were accepted'],
    ],
    ['impatient, with harm', impatient, []],
    [
      'impatient, without harm',
      { ...impatient, validTokensRejected: 0 },
      ['no valid token was rejected'],
    ],
    ['impatient, and nobody was told', { ...impatient, alert: null }, ['no alert was raised']],
  ];
  for (const [name, summary, missing] of rows) t.strictSame(missingFrom(summary), missing, name);
});
