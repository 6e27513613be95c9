import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { dashboardFile } from './dashboard-file.ts';
import { routesFile } from './routes-file.ts';
import { rulesFile } from './rules-file.ts';

const DEPLOY = path.join(import.meta.dirname, '../../../deploy');

/** Files under `deploy/` that are made here, with their text. */
const FILES: readonly (readonly [file: string, text: () => string])[] = [
  ['prometheus/rules.yaml', rulesFile],
  ['grafana/keyturn.json', dashboardFile],
  ['alertmanager/alertmanager.yaml', routesFile],
];

main(process.argv.slice(2));

function main(args: readonly string[]): void {
  const isCheck = args.includes('--check');
  const unknown = args.filter((arg) => arg !== '--check');
  if (unknown.length > 0) {
    console.error(`generate: unknown argument ${unknown.join(' ')}; only --check is known`);
    process.exitCode = 2;
    return;
  }
  for (const [file, text] of FILES) {
    const at = path.join(DEPLOY, file);
    if (!isCheck) {
      writeFileSync(at, text());
    } else if (readFileSync(at, 'utf8') !== text()) {
      console.error(`deploy/${file} differs from its source; run: pnpm generate`);
      process.exitCode = 1;
    }
  }
}
