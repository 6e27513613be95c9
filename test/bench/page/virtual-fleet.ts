// Runs in the page, before anything of it: takes the place of the collector's stream and rows, so that
// an hour passes as fast as the page takes it in. Its names of the document are untyped: no DOM here.

/* oxlint-disable typescript/no-explicit-any -- see above */
declare const window: any;
declare const EventTarget: any;
declare const MessageEvent: any;
declare const Response: any;

const LISTS = {
  services: 40,
  keys: ['2026-a', '2026-b'],
  words: ['jwks', 'in_process', 'r-1', 'present', 'absent', 'held', 'timeout'],
} as const;

/** What the page is given and how it is driven. */
export interface VirtualFleet {
  /** A second passes: so many rows changed, and so many verifiers gave way to others. */
  second(changed: number, replaced: number): void;
}

/** The script that brings `window.virtualFleet`. */
export function virtualFleetScript(size: number): string {
  return `(${install.toString()})(${JSON.stringify(LISTS)}, ${size})`;
}

function install(lists: typeof LISTS, size: number): void {
  const startMs = Date.parse('2026-01-01T00:00:00.000Z');
  const streams = new Set<any>();
  const rows = new Map<number, any[]>();
  let passed = 0;
  let nextId = 0;
  let seed = 1;
  let changedIds: number[] = [];
  let goneIds: number[] = [];
  const chance = (): number => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return seed / 2_147_483_648;
  };
  const rowOf = (id: number): any[] => {
    const lags = chance() < 0.2;
    const flags = lags ? 1 | 16 | 64 : 1 | 32 | 64;
    const failures = chance() < 0.02 ? 1 + Math.floor(chance() * 40) : 0;
    const standing = [2, lags ? 4 : 3, passed, 5, 0, lags ? 0 : 1];
    const set = [0, lags ? [0] : [0, 1], 0, lags ? 2 : 0, lags ? 6 : null];
    const service = id % lists.services;
    const times = [[passed - 30, passed - 30]];
    return [
      id,
      service,
      `pod-${id}`,
      0,
      0,
      1,
      flags,
      passed,
      [set],
      0,
      [standing],
      failures,
      passed,
      times,
    ];
  };
  const add = (): void => {
    rows.set(nextId, rowOf(nextId));
    changedIds.push(nextId);
    nextId += 1;
  };
  for (let at = 0; at < size; at += 1) add();

  const answer = (isComplete: boolean): unknown => {
    const ids = isComplete ? [...rows.keys()] : changedIds;
    const entries = <T>(list: readonly T[]) => ({
      from: isComplete ? 0 : list.length,
      entries: isComplete ? list : [],
    });
    const made = {
      cursor: `abcdefabcdef-${passed + 1}`,
      complete: isComplete,
      base_at: new Date(startMs).toISOString(),
      total: rows.size,
      rows: ids.flatMap((id) => (rows.has(id) ? [rows.get(id)] : [])),
      gone: isComplete ? [] : goneIds,
      services: entries(
        Array.from({ length: lists.services }, (_, at) => ({
          name: `service-${at}`,
          kind: 'instrumented',
          declared: true,
          required: true,
          evidence: 'present',
        })),
      ),
      profiles: entries([
        {
          id: 'npm-jose',
          name: 'jose',
          refresh_s: 600,
          removed_key_accepted_s: 600,
          static_keys: false,
        },
      ]),
      words: entries(lists.words),
      head: isComplete
        ? {
            issuers: ['https://issuer.example'],
            keys: lists.keys.map((kid) => ({
              issuer: 0,
              kid,
              thumbprint: 'x'.repeat(43),
              alg: 'ES256',
              published_at: new Date(startMs).toISOString(),
              withdrawn_at: null,
            })),
            rotations: [
              {
                id: 'r-1',
                issuer: 0,
                alg: 'ES256',
                phase: 'published',
                old_kid: lists.keys[0],
                new_kid: lists.keys[1],
                old_key: 0,
                new_key: 1,
              },
            ],
          }
        : null,
    };
    changedIds = [];
    goneIds = [];
    return made;
  };
  const { fetch } = window;
  window.fetch = (url: string, options: unknown) => {
    if (!url.startsWith('/v1/fleet/rows')) return fetch(url, options);
    const text = JSON.stringify(answer(!url.includes('since=')));
    return Promise.resolve(new Response(text, { headers: { 'content-type': 'application/json' } }));
  };
  window.EventSource = class extends EventTarget {
    static CLOSED = 2;
    readyState = 1;
    constructor() {
      super();
      streams.add(this);
    }
    close(): void {
      this.readyState = 2;
      streams.delete(this);
    }
  };
  window.virtualFleet = {
    second(changed: number, replaced: number): void {
      passed += 1;
      const ids = [...rows.keys()];
      for (let at = 0; at < replaced; at += 1) {
        const id = ids[at] ?? 0;
        rows.delete(id);
        goneIds.push(id);
        add();
      }
      for (let at = 0; at < changed; at += 1) {
        const id = ids[replaced + Math.floor(chance() * (ids.length - replaced))] ?? 0;
        rows.set(id, rowOf(id));
        changedIds.push(id);
      }
      const data = JSON.stringify({
        now_at: new Date(startMs + passed * 1_000).toISOString(),
        started_at: new Date(startMs).toISOString(),
        build: '',
        versions: { fleet: passed },
      });
      for (const stream of streams) stream.dispatchEvent(new MessageEvent('tick', { data }));
    },
  };
}
