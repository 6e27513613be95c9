import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import * as codec from '../../src/wire/codec.ts';
import { FleetServiceService } from '../../src/wire/services.ts';
import * as arbitrary from './arbitraries.ts';

const READERS: Readonly<Record<string, (message: unknown) => codec.Checked<unknown>>> = {
  report: codec.reportFromWire,
  reports: codec.reportsFromWire,
  hello: codec.helloFromWire,
  goodbye: codec.goodbyeFromWire,
  welcome: codec.welcomeFromWire,
  settings: codec.settingsFromWire,
  ack: codec.ackFromWire,
  acks: codec.acksFromWire,
  probeOrders: codec.probeOrdersFromWire,
  probeResults: codec.probeResultsFromWire,
  verdict: codec.verdictFromWire,
  gate: codec.gateFromWire,
  step: codec.stepFromWire,
  fact: codec.factFromWire,
};

function answers(message: unknown): void {
  for (const read of Object.values(READERS)) {
    const result = read(message);
    if (result.ok) continue;
    assert.ok(result.field.length < 200 && result.message.length < 400, result.message);
    assert.doesNotMatch(result.field + result.message, /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
  }
}

/** Anything at all, with the names and case marks of real messages among the keys. */
const anything = fc.anything({
  key: fc.constantFrom(
    'reports',
    'handle',
    'keySets',
    'keys',
    'kid',
    'issuer',
    'counts',
    'key',
    '$case',
    'value',
    'outcomes',
    'verifiers',
    'probes',
    'results',
    'canaries',
    'token',
    'assignments',
    'settings',
    'checks',
    'status',
    '__proto__',
    'constructor',
  ),
  maxDepth: 6,
  withBigInt: true,
  withTypedArray: true,
  withNullPrototype: true,
  withSparseArray: true,
});

const MESSAGES = fc.oneof(
  arbitrary.report.map((report) => codec.reportToWire(report) as unknown),
  arbitrary.hello.map((hello) => codec.helloToWire(hello) as unknown),
  arbitrary.welcome.map((welcome) => codec.welcomeToWire(welcome) as unknown),
  arbitrary.verdict.map((verdict) => codec.verdictToWire(verdict) as unknown),
);

/** Puts `value` at the place `picks` lead to. */
function spoil(message: unknown, picks: readonly number[], value: unknown): unknown {
  const [pick, ...rest] = picks;
  if (pick === undefined || typeof message !== 'object' || message === null) return value;
  const names = Object.keys(message);
  const name = names[pick % Math.max(1, names.length)];
  if (name === undefined) return value;
  const empty: object = Array.isArray(message) ? [] : {};
  const copy = Object.assign(empty, message) as Record<string, unknown>;
  copy[name] = spoil(copy[name], rest, value);
  return copy;
}

t.test('anything at all gets an answer', (t) => {
  fc.assert(fc.property(anything, answers), { numRuns: 1_000 });
  t.end();
});

t.test('a good message with one place spoiled gets an answer', (t) => {
  const picks = fc.array(fc.nat({ max: 30 }), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(MESSAGES, picks, anything, (message, path, value) =>
      answers(spoil(message, path, value)),
    ),
    { numRuns: 1_000 },
  );
  t.end();
});

// The generated decoder may throw on bytes (grpc-js answers INTERNAL); whatever it lets through is
// the readers' to judge.
function decodeAndRead(bytes: Buffer): void {
  const { requestDeserialize, responseDeserialize } = FleetServiceService.session;
  for (const decode of [requestDeserialize, responseDeserialize]) {
    let message: unknown;
    try {
      message = decode(bytes).message?.value;
    } catch (error) {
      assert.ok(error instanceof Error);
      continue;
    }
    answers(message);
  }
}

t.test('random bytes get an answer or a decoding error', (t) => {
  const bytes = fc.uint8Array({ maxLength: 200 }).map((raw) => Buffer.from(raw));
  fc.assert(fc.property(bytes, decodeAndRead), { numRuns: 2_000 });
  t.end();
});

t.test('bytes of a real message with some changed get an answer or a decoding error', (t) => {
  const changes = fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { maxLength: 4 });
  fc.assert(
    fc.property(arbitrary.report, changes, fc.nat(), (report, edits, cut) => {
      const bytes = FleetServiceService.session.requestSerialize({
        message: { $case: 'reports', value: codec.reportsToWire([report]) },
      });
      for (const [at, byte] of edits) bytes[at % bytes.length] = byte;
      decodeAndRead(bytes);
      decodeAndRead(bytes.subarray(0, cut % bytes.length));
    }),
    { numRuns: 500 },
  );
  t.end();
});
