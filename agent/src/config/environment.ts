import type { KeyPath } from '@keyturn/shared/settings/check.ts';
import { nearest } from '@keyturn/shared/settings/nearest.ts';

/** Names in the environment that overrule the settings file, and the key each stands for. */
export const ENVIRONMENT: ReadonlyMap<string, KeyPath> = new Map<string, KeyPath>([
  ['KEYTURN_AGENT_COLLECTOR_ADDRESS', ['collector', 'address']],
  ['KEYTURN_AGENT_COLLECTOR_TLS_CA', ['collector', 'tls', 'ca']],
  ['KEYTURN_AGENT_SERVICE', ['service']],
  ['KEYTURN_AGENT_INSTANCE', ['instance']],
  ['KEYTURN_AGENT_PROXY_LISTEN', ['proxy', 'listen']],
  ['KEYTURN_AGENT_PROXY_HTTPS_LISTEN', ['proxy', 'https', 'listen']],
  ['KEYTURN_AGENT_PUSH_LISTEN', ['push', 'listen']],
  ['KEYTURN_AGENT_PUSH_SOCKET', ['push', 'socket']],
  ['KEYTURN_AGENT_LOG_LEVEL', ['log', 'level']],
]);

/** Names the settings file itself: read by `keyturn-agent` before any other. */
export const CONFIG_FILE_NAME = 'KEYTURN_AGENT_CONFIG';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Every `KEYTURN_AGENT_*` name that means nothing, with the nearest that does. */
export function environmentProblems(env: Environment): readonly string[] {
  const known = [...ENVIRONMENT.keys(), CONFIG_FILE_NAME];
  return Object.keys(env)
    .filter((name) => name.startsWith('KEYTURN_AGENT_') && !known.includes(name))
    .map((name) => {
      const near = nearest(name, known);
      const help = near === undefined ? `known: ${known.join(', ')}` : `did you mean ${near}?`;
      return `environment: unknown name ${name.slice(0, 80)}; ${help}`;
    });
}

/** The settings with the environment's values in place; an empty value counts as not set. */
export function withEnvironment(settings: unknown, env: Environment): unknown {
  let result = settings;
  for (const [name, path] of ENVIRONMENT) {
    const value = env[name];
    if (value !== undefined && value !== '') result = withValue(result, path, value);
  }
  return result;
}

/** The name in the environment that gave this key its value. */
export function environmentNameOf(path: KeyPath, env: Environment): string | undefined {
  for (const [name, known] of ENVIRONMENT) {
    const isSet = env[name] !== undefined && env[name] !== '';
    if (isSet && known.join('.') === path.join('.')) return name;
  }
  return undefined;
}

// Settings that are no mapping stay as they are: the check that follows says so.
function withValue(settings: unknown, path: KeyPath, value: string): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return value;
  if (settings !== undefined && !isMapping(settings)) return settings;
  return { ...settings, [key]: withValue(settings?.[key], rest, value) };
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
