import type { Outcome } from '@keyturn/shared/model/outcome.ts';
import t from 'tap';
import { Dictionary } from '../../../src/api/fleet-rows/dictionary.ts';
import { GoneRows } from '../../../src/api/fleet-rows/gone-rows.ts';
import { RecentFailures } from '../../../src/api/fleet-rows/recent-failures.ts';
import type { HeldCounts, VerifierRecord } from '../../../src/core/records.ts';

const START_MS = 1_700_000_000_000;

/** A record as far as failures are counted from it. */
function record(
  atS: number,
  outcomes: Partial<Record<Outcome, number>>,
  more: Partial<VerifierRecord> = {},
): VerifierRecord {
  const row: HeldCounts = {
    issuer: 'https://a.example',
    key: { kind: 'kid', kid: 'k' },
    outcomes,
    highestIatS: null,
    highestExpS: null,
    longestLifetimeS: null,
    acceptedWithoutExp: 0,
    acceptedWithoutIat: 0,
    lastAcceptedAtMs: null,
  };
  return {
    id: { service: 's', instance: 'i', cache: 'c' },
    bootId: 'a',
    epoch: 1,
    seq: 1,
    profile: '',
    source: 'in_process',
    issuers: [],
    cacheKind: 'any',
    firstSeenAtMs: START_MS,
    receivedAtMs: START_MS + atS * 1_000,
    observedAtMs: null,
    keySets: [],
    counts: [row],
    carried: [],
    otherBoots: [],
    departedAtMs: null,
    duplicateAtMs: null,
    probes: [],
    ...more,
  };
}

t.test('failures of the last minute, by differences', (t) => {
  const recent = new RecentFailures(record(0, { bad_signature: 50 }));
  const at = (second: number): number => recent.lastMinute(START_MS + second * 1_000);
  t.equal(at(0), 0, 'what was counted before is of no known minute');
  recent.note(record(5, { bad_signature: 53, ok: 900, expired: 70 }));
  t.equal(at(6), 3);
  recent.note(record(25, { bad_signature: 53, unknown_kid: 2 }));
  t.equal(at(30), 5);
  t.equal(at(62), 2, 'the first are a minute ago');
  t.equal(at(90), 0);
  recent.note(record(200, { bad_signature: 60, unknown_kid: 2 }));
  t.equal(at(201), 7, 'after a quiet time too');

  recent.note(record(202, { bad_signature: 90 }, { bootId: 'b', epoch: 2 }));
  t.equal(at(203), 7, 'nobody knows when another process counted what it brings');
  recent.note(record(204, { bad_signature: 91 }, { bootId: 'b', epoch: 2 }));
  t.equal(at(205), 8);
  t.end();
});

t.test('rows that went are told to who still knows them, within a bound', (t) => {
  const gone = new GoneRows();
  for (let id = 0; id < 15_000; id += 1) gone.add(id, id + 1);
  t.same(gone.since(14_998), [14_998, 14_999]);
  t.equal(gone.completeFrom, 0);
  for (let id = 15_000; id < 25_000; id += 1) gone.add(id, id + 1);
  t.ok(gone.completeFrom > 0 && gone.completeFrom <= 15_000);
  t.equal(gone.since(0).length, 25_000 - gone.completeFrom + 1);
  t.equal(gone.since(gone.completeFrom)[0], gone.completeFrom, 'nothing after it is missing');
  t.end();
});

t.test('a value has one place, and is told to who does not have it', (t) => {
  const words = new Dictionary();
  t.equal(words.placeOf('a', 1), 0);
  t.equal(words.placeOf({ b: 1 }, 2), 1);
  t.equal(words.placeOf('a', 3), 0);
  t.equal(words.since(0), '{"from":0,"entries":["a",{"b":1}]}');
  t.equal(words.since(1), '{"from":1,"entries":[{"b":1}]}');
  t.equal(words.since(2), '{"from":2,"entries":[]}');
  t.end();
});
