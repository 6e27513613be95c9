/** One thing `doctor` looked at. */
export interface Finding {
  readonly level: 'ok' | 'warn' | 'fail';
  readonly what: string;
  /** What to do; empty when all is well. */
  readonly todo: string;
}

export function ok(what: string): Finding {
  return { level: 'ok', what, todo: '' };
}

export function warn(what: string, todo: string): Finding {
  return { level: 'warn', what, todo };
}

export function fail(what: string, todo: string): Finding {
  return { level: 'fail', what, todo };
}
