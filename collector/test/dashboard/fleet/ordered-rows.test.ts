import fc from 'fast-check';
import t from 'tap';
import { FleetMatrix } from '../../../src/dashboard/fleet/matrix.ts';
import { comparison, ORDERS } from '../../../src/dashboard/fleet/order.ts';
import { OrderedRows } from '../../../src/dashboard/fleet/ordered-rows.ts';
import type { Held, RowChange } from '../../../src/dashboard/fleet/row-store.ts';
import { ROW_FLAGS, type VerifierRow } from '../../../src/dashboard/fleet/verifier-row.ts';
import { HEAD, row, set, standing } from './rows.ts';

const anyRow = (id: number): fc.Arbitrary<VerifierRow> =>
  fc
    .record({
      flags: fc.subarray([...ROW_FLAGS]),
      failures: fc.constantFrom(0, 0, 0, 7),
      service: fc.constantFrom('orders', 'web', 'pay'),
      reportedAtMs: fc.constantFrom(null, 1_000, 2_000),
      keys: fc.subarray([0, 1, 2]),
      dataAtMs: fc.constantFrom(null, 1_000),
      holdsNew: fc.constantFrom('present', 'absent', 'stale', 'silent'),
      sufficient: fc.boolean(),
    })
    .map(({ keys, dataAtMs, holdsNew, sufficient, ...more }) =>
      row(id, {
        ...more,
        sets: [set({ keys, dataAtMs })],
        standings: [standing({ holdsNew, sufficient, holdsNewSinceMs: keys.length * 1_000 })],
      }),
    );

/** Some verifiers, and answers in turn: of each verifier in them what it is now; null: it is gone. */
const histories = fc.integer({ min: 1, max: 12 }).chain((count) => {
  const ids = Array.from({ length: count }, (_, at) => at);
  const answer = fc
    .subarray(ids)
    .chain((some) =>
      fc.tuple(...some.map((id) => fc.tuple(fc.constant(id), fc.option(anyRow(id), { freq: 4 })))),
    );
  return fc.record({
    first: fc.tuple(...ids.map(anyRow)),
    answers: fc.array(answer, { maxLength: 8 }),
  });
});

function changesOf(
  held: Map<number, Held>,
  answer: readonly (readonly [number, VerifierRow | null])[],
): RowChange[] {
  const changes: RowChange[] = [];
  for (const [id, after] of answer) {
    const known = held.get(id);
    if (after === null) {
      if (known === undefined) continue;
      held.delete(id);
      changes.push({ held: known, before: known.row, after: null });
    } else if (known === undefined) {
      const fresh = { row: after };
      held.set(id, fresh);
      changes.push({ held: fresh, before: null, after });
    } else {
      changes.push({ held: known, before: known.row, after });
      known.row = after;
    }
  }
  return changes;
}

t.test('rows kept in order are as if sorted anew after every answer', (t) => {
  fc.assert(
    fc.property(
      histories,
      fc.constantFrom(...ORDERS),
      fc.boolean(),
      fc.boolean(),
      ({ first, answers }, by, reversed, some) => {
        const held = new Map(first.map((one) => [one.id, { row: one }]));
        const compare = comparison({ by, reversed }, null);
        const matches = (one: VerifierRow): boolean => !some || one.service.name !== 'web';
        const ordered = new OrderedRows(held.values(), matches, compare);
        for (const answer of answers) {
          const before = ordered.rows;
          const moved = ordered.apply(changesOf(held, answer));
          const expected = [...held.values()]
            .map((one) => one.row)
            .filter(matches)
            .sort(compare);
          const got = ordered.rows.map((one) => one.row.id).join();
          const wanted = expected.map(({ id }) => id).join();
          if (got !== wanted) throw new Error(`${got} in place of ${wanted}`);
          if (!moved && before !== ordered.rows) throw new Error('another list without a move');
          for (const [at, one] of expected.entries()) {
            if (ordered.indexOf(one) !== at) throw new Error(`row ${one.id} is not found`);
          }
        }
      },
    ),
  );
  t.end();
});

t.test('a matrix kept in step is as if counted anew', (t) => {
  fc.assert(
    fc.property(histories, ({ first, answers }) => {
      const held = new Map(first.map((one) => [one.id, { row: one }]));
      const matrix = new FleetMatrix(held.values(), HEAD, 0);
      for (const answer of answers) {
        matrix.apply(changesOf(held, answer));
        const anew = new FleetMatrix(held.values(), HEAD, 0);
        const seen = ({ services }: FleetMatrix) =>
          services.map(({ service, cells, members }) => [service.name, cells, members.size]);
        if (JSON.stringify(seen(matrix)) !== JSON.stringify(seen(anew))) {
          throw new Error(`${JSON.stringify(seen(matrix))} for ${JSON.stringify(seen(anew))}`);
        }
      }
    }),
  );
  t.end();
});

t.test('the worst come first, and what is replaced or optional does not crowd them out', (t) => {
  const rows = [
    row(1, { flags: ['reporting', 'synced'] }),
    row(2, { flags: ['silent'], sinceMs: 9_000 }),
    row(3, { flags: ['silent', 'replaced'] }),
    row(4, { flags: ['reporting', 'lagging'], standings: [standing({ sufficient: false })] }),
    row(5, { flags: ['reporting', 'lagging'], required: false }),
    row(6, { flags: ['reporting', 'failing'] }),
    row(7, { flags: ['reporting', 'synced'], failures: 3 }),
    row(8, { flags: ['departed'] }),
    row(9, { flags: ['silent'], sinceMs: 2_000 }),
  ].map((one) => ({ row: one }));
  const ordered = new OrderedRows(
    rows,
    () => true,
    comparison({ by: 'state', reversed: false }, null),
  );
  t.same(
    ordered.rows.map((one) => one.row.id),
    [7, 9, 2, 4, 6, 5, 3, 1, 8],
  );
  t.end();
});
