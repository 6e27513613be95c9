import {
  fetchUrl,
  filePath,
  matching,
  name,
  oneOf,
  text,
} from '@keyturn/shared/settings/fields.ts';
import { z } from 'zod';
import { SEVERITIES } from '../core/alerts/catalogue.ts';
import { RECEIVER_TYPES } from '../notify/receiver.ts';

// One entry of `receivers`, by its type.

/** How long the name of a receiver may be, bytes. */
export const RECEIVER_NAME_BYTES = 64;

export const PAGERDUTY_URL = 'https://events.pagerduty.com';

const host = matching(
  /^(?:[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?|[0-9a-f:.]{2,45})$/,
  'a host in lower case without a port, such as hooks.internal or 10.1.2.3',
);

const environmentName = matching(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/, 'the name of a variable');

const common = {
  name: name(RECEIVER_NAME_BYTES),
  min_severity: oneOf(SEVERITIES).optional(),
  allow_private: z.boolean().default(false),
  allow_hosts: z.array(host).max(32).default([]),
  ca: filePath.optional(),
};

const told = {
  ...common,
  send_resolved: z.boolean().default(true),
  send_steps: z.boolean().default(true),
};

export const receiverType = z.looseObject({ type: oneOf(RECEIVER_TYPES) });

const type = text('a type');

export const alertmanagerSchema = z.strictObject({
  ...common,
  type,
  urls: z.array(fetchUrl).min(1).max(16),
});

export const pagerdutySchema = z.strictObject({
  ...told,
  type,
  url: fetchUrl.default(PAGERDUTY_URL),
  routing_key_file: filePath.optional(),
  routing_key_file_env: environmentName.optional(),
});

export const slackSchema = z.strictObject({
  ...told,
  type,
  url_file: filePath.optional(),
  url_file_env: environmentName.optional(),
});

export const webhookSchema = z.strictObject({
  ...told,
  type,
  url: fetchUrl.optional(),
  url_file: filePath.optional(),
  url_file_env: environmentName.optional(),
  secret_file: filePath.optional(),
  secret_file_env: environmentName.optional(),
});

export type CommonSettings = z.output<typeof alertmanagerSchema> | z.output<typeof slackSchema>;
export type WebhookSettings = z.output<typeof webhookSchema>;
export type ToldSettings =
  | z.output<typeof slackSchema>
  | WebhookSettings
  | z.output<typeof pagerdutySchema>;
