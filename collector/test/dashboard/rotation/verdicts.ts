import type { CheckView, OffenderView, VerdictView } from '../../../src/api/schemas/verdict.ts';

/** A check as the API says it. */
export function check(more: Partial<CheckView> = {}): CheckView {
  const offenders = more.offenders ?? [];
  return {
    id: 'new_key_known',
    status: 'fail',
    class: 'evidence',
    message: 'because',
    offenders,
    offender_count: offenders.length,
    since_at: null,
    clears_at: null,
    help: '',
    ...more,
  };
}

export function offender(
  service: string,
  instance: string,
  state = 'absent',
  more: Partial<OffenderView> = {},
): OffenderView {
  const cache = instance === '' ? '' : 'jwks';
  return { service, instance, cache, state, since_at: null, detail: '', ...more };
}

export function verdict(more: Partial<VerdictView> = {}): VerdictView {
  return {
    rotation_id: 'r-1',
    gate: 'activate',
    ready: more.status === 'open',
    status: 'closed',
    summary: '',
    checks: [],
    progress: '',
    counts: null,
    weakest_grade: null,
    clears_at: null,
    clears_at_ms: null,
    evaluated_at: '2026-11-27T10:00:00.000Z',
    evaluated_at_ms: Date.parse('2026-11-27T10:00:00.000Z'),
    valid_until: null,
    open_since_at: null,
    revision: 1,
    advised: false,
    advisory: false,
    ...more,
  };
}
