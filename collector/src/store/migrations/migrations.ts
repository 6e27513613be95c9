import { initial } from './0001-initial.ts';
import { evidence } from './0002-evidence.ts';
import { oldAlg } from './0003-old-alg.ts';
import { probes } from './0004-probes.ts';
import { observedRotations } from './0005-observed-rotations.ts';
import { sharedSecrets } from './0006-shared-secrets.ts';
import { issuers } from './0007-issuers.ts';
import { rollbackAndRehearsal } from './0008-rollback-and-rehearsal.ts';
import { watch } from './0009-watch.ts';
import { alerts } from './0010-alerts.ts';
import { told } from './0011-told.ts';
import { givenUp } from './0012-given-up.ts';
import { history } from './0013-history.ts';
import { auditByAlert } from './0014-audit-by-alert.ts';

/** `KEYT`: marks a file as Keyturn's in the SQLite header. */
export const APPLICATION_ID = 0x4b455954;

/** SQL that takes the schema from version n to n + 1, by position. Never edited once released. */
export const MIGRATIONS: readonly string[] = [
  initial,
  evidence,
  oldAlg,
  probes,
  observedRotations,
  sharedSecrets,
  issuers,
  rollbackAndRehearsal,
  watch,
  alerts,
  told,
  givenUp,
  history,
  auditByAlert,
];

/** The schema this Keyturn writes. */
export const SCHEMA_VERSION = MIGRATIONS.length;
