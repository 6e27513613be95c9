import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import type { Ack } from '../../src/model/report.ts';
import * as codec from '../../src/wire/codec.ts';
import {
  FleetServiceService,
  ReadinessServiceService,
  type SessionRequest,
  type SessionResponse,
} from '../../src/wire/services.ts';
import * as arbitrary from './arbitraries.ts';

const { session } = FleetServiceService;
const { checkGate } = ReadinessServiceService;

function request(message: SessionRequest['message']): unknown {
  return session.requestDeserialize(session.requestSerialize({ message })).message?.value;
}

function response(message: SessionResponse['message']): unknown {
  return session.responseDeserialize(session.responseSerialize({ message })).message?.value;
}

function holds<T>(values: fc.Arbitrary<T>, through: (value: T) => codec.Checked<T>): void {
  fc.assert(
    fc.property(values, (generated) => {
      // fast-check makes objects without a prototype; a clone has the usual one.
      const value = structuredClone(generated);
      assert.deepEqual(through(value), { ok: true, value });
    }),
  );
}

// Every property goes through the bytes of a real message, not only through the converters.
const rows: Readonly<Record<string, () => void>> = {
  hello: () =>
    holds(arbitrary.hello, (value) =>
      codec.helloFromWire(request({ $case: 'hello', value: codec.helloToWire(value) })),
    ),
  report: () =>
    holds(arbitrary.report, (value) => {
      const message = request({ $case: 'reports', value: codec.reportsToWire([value]) });
      const all = codec.reportsFromWire(message);
      assert.ok(all.ok);
      const [first] = all.value;
      assert.ok(first);
      assert.deepEqual(
        [first.handle, first.epoch, first.seq],
        [value.handle, value.epoch, value.seq],
      );
      return first.report;
    }),
  goodbye: () =>
    holds(arbitrary.goodbye, (value) =>
      codec.goodbyeFromWire(request({ $case: 'goodbye', value: codec.goodbyeToWire(value) })),
    ),
  welcome: () =>
    holds(arbitrary.welcome, (value) =>
      codec.welcomeFromWire(response({ $case: 'welcome', value: codec.welcomeToWire(value) })),
    ),
  settings: () =>
    holds(arbitrary.settings, (value) =>
      codec.settingsFromWire(response({ $case: 'settings', value: codec.settingsToWire(value) })),
    ),
  acks: () =>
    holds<readonly Ack[]>(fc.array(arbitrary.ack, { maxLength: 5 }), (value) =>
      codec.acksFromWire(response({ $case: 'acks', value: codec.acksToWire(value) })),
    ),
  'probe orders': () =>
    holds(arbitrary.probeOrders, (value) =>
      codec.probeOrdersFromWire(
        response({ $case: 'probes', value: codec.probeOrdersToWire(value) }),
      ),
    ),
  'probe results': () =>
    holds(arbitrary.probeResults, (value) =>
      codec.probeResultsFromWire(
        request({ $case: 'probeResults', value: codec.probeResultsToWire(value) }),
      ),
    ),
  verdict: () =>
    holds(arbitrary.verdict, (value) => {
      const bytes = checkGate.responseSerialize({ verdict: codec.verdictToWire(value) });
      return codec.verdictFromWire(checkGate.responseDeserialize(bytes).verdict);
    }),
};

for (const [name, check] of Object.entries(rows)) {
  t.test(`${name}: what is read is what was sent`, (t) => {
    check();
    t.end();
  });
}
