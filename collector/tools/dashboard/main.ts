import { stat } from 'node:fs/promises';
import path from 'node:path';
import { buildDashboard, DASHBOARD_DIRECTORY } from './build.ts';

const manifest = await buildDashboard();
for (const name of manifest.files) {
  const { size } = await stat(path.join(DASHBOARD_DIRECTORY, `${name}.gz`));
  process.stdout.write(`${(size / 1_000).toFixed(1).padStart(6)} kB gzip  ${name}\n`);
}
