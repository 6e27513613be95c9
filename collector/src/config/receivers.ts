import type { KeyPath } from '@keyturn/shared/settings/check.ts';
import type { Severity } from '../core/alerts/catalogue.ts';
import type { Reach } from '../notify/reach.ts';
import type { OutboxReceiver, Receiver, ReceiverType } from '../notify/receiver.ts';
import { Secret } from '../notify/secret.ts';
import { hmacKeyProblem } from '../notify/signature.ts';
import { listOf } from './issuers.ts';
import type { ProblemList } from './problem-list.ts';
import { checkHost, checkSealed, neededSecret, secretUrl } from './receiver-checks.ts';
import {
  alertmanagerSchema,
  type CommonSettings,
  pagerdutySchema,
  receiverType,
  slackSchema,
  type ToldSettings,
  webhookSchema,
  type WebhookSettings,
} from './receiver-schemas.ts';
import type { SecretFiles } from './secret-files.ts';

const RECEIVERS_MAX = 32;

/** What an alert has to be to be sent, where the settings do not say. */
const MIN_SEVERITY: Readonly<Record<ReceiverType, Severity>> = {
  alertmanager: 'info',
  pagerduty: 'warning',
  slack: 'warning',
  webhook: 'info',
};

interface Sources {
  readonly problems: ProblemList;
  readonly secrets: SecretFiles;
  /** Gives the PEM text of a CA file, or undefined after adding the problem. */
  readonly readCa: (file: string, path: KeyPath) => string | undefined;
}

/** Who is told of alerts. Those with problems are left out after adding them. */
export function resolveReceivers(value: unknown, sources: Sources): readonly Receiver[] {
  const { problems } = sources;
  const entries = listOf(value, 'receivers', RECEIVERS_MAX, problems);
  const seen = new Set<string>();
  return entries.flatMap((entry, index) => {
    const path = ['receivers', index];
    const name = (entry as { readonly name?: unknown } | null)?.name;
    if (typeof name === 'string') {
      if (seen.has(name)) problems.add([...path, 'name'], `${name} is there twice`);
      seen.add(name);
    }
    const receiver = resolveReceiver(entry, path, sources);
    return receiver === undefined ? [] : [receiver];
  });
}

function resolveReceiver(entry: unknown, path: KeyPath, sources: Sources): Receiver | undefined {
  const type = sources.problems.check(receiverType, entry, path)?.type;
  switch (type) {
    case undefined:
      return undefined;
    case 'alertmanager':
      return alertmanager(entry, path, sources);
    case 'pagerduty':
      return pagerduty(entry, path, sources);
    case 'slack':
      return slack(entry, path, sources);
    case 'webhook':
      return webhook(entry, path, sources);
  }
}

function alertmanager(entry: unknown, path: KeyPath, sources: Sources): Receiver | undefined {
  const { problems } = sources;
  const settings = problems.check(alertmanagerSchema, entry, path);
  if (settings === undefined) return undefined;
  for (const [index, url] of settings.urls.entries()) {
    const at = [...path, 'urls', index];
    if (settings.urls.indexOf(url) < index) problems.add(at, `${url} is there twice`);
    checkHost(url, reachOf(settings), at, problems);
  }
  const type = 'alertmanager';
  return { ...common(settings, type, path, sources), type, urls: settings.urls };
}

function pagerduty(entry: unknown, path: KeyPath, sources: Sources): Receiver | undefined {
  const { problems, secrets } = sources;
  const settings = problems.check(pagerdutySchema, entry, path);
  if (settings === undefined) return undefined;
  const { url } = settings;
  checkHost(url, reachOf(settings), [...path, 'url'], problems);
  checkSealed(url, [...path, 'url'], problems);
  const routingKey = neededSecret(secrets, settings, 'routing_key', path, problems);
  if (routingKey === undefined) return undefined;
  const type = 'pagerduty';
  return { ...common(settings, type, path, sources), ...told(settings), type, url, routingKey };
}

function slack(entry: unknown, path: KeyPath, sources: Sources): Receiver | undefined {
  const { problems, secrets } = sources;
  const settings = problems.check(slackSchema, entry, path);
  if (settings === undefined) return undefined;
  const at = [...path, 'url_file'];
  const url = secretUrl(neededSecret(secrets, settings, 'url', path, problems), at, problems);
  if (url === undefined) return undefined;
  checkHost(url.reveal(), reachOf(settings), at, problems);
  checkSealed(url.reveal(), at, problems);
  const type = 'slack';
  return { ...common(settings, type, path, sources), ...told(settings), type, url };
}

function webhook(entry: unknown, path: KeyPath, sources: Sources): Receiver | undefined {
  const { problems, secrets } = sources;
  const settings = problems.check(webhookSchema, entry, path);
  if (settings === undefined) return undefined;
  const hmacKey = secrets.read(settings, 'secret', path) ?? null;
  const wrong = hmacKey === null ? undefined : hmacKeyProblem(hmacKey);
  if (wrong !== undefined) problems.add([...path, 'secret_file'], wrong);
  const url = webhookUrl(settings, path, sources);
  if (url === undefined) return undefined;
  const type = 'webhook';
  return { ...common(settings, type, path, sources), ...told(settings), type, url, hmacKey };
}

function webhookUrl(
  settings: WebhookSettings,
  path: KeyPath,
  { problems, secrets }: Sources,
): Secret | undefined {
  const hasFile = settings.url_file !== undefined || settings.url_file_env !== undefined;
  if ((settings.url !== undefined) === hasFile) {
    const got = hasFile ? 'both' : 'neither';
    problems.add(path, `expected either url or url_file (or url_file_env), got ${got}`);
    return undefined;
  }
  const at = [...path, hasFile ? 'url_file' : 'url'];
  const given = settings.url === undefined ? undefined : new Secret(settings.url);
  const url = secretUrl(given ?? secrets.read(settings, 'url', path), at, problems);
  if (url !== undefined) checkHost(url.reveal(), reachOf(settings), at, problems);
  return url;
}

function common(
  settings: CommonSettings,
  type: ReceiverType,
  path: KeyPath,
  { readCa }: Sources,
): Pick<Receiver, 'name' | 'minSeverity' | 'reach' | 'ca'> {
  const ca = settings.ca === undefined ? null : readCa(settings.ca, [...path, 'ca']);
  return {
    name: settings.name,
    minSeverity: settings.min_severity ?? MIN_SEVERITY[type],
    reach: reachOf(settings),
    ca: ca ?? null,
  };
}

function told(settings: ToldSettings): Pick<OutboxReceiver, 'sendResolved' | 'sendSteps'> {
  return { sendResolved: settings.send_resolved, sendSteps: settings.send_steps };
}

function reachOf(settings: Pick<CommonSettings, 'allow_private' | 'allow_hosts'>): Reach {
  return { allowPrivate: settings.allow_private, allowHosts: settings.allow_hosts };
}
