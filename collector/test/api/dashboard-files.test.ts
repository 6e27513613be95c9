import path from 'node:path';
import t from 'tap';
import { readDashboard } from '../../src/api/dashboard-files.ts';

const manifest = (part: object = {}): string =>
  JSON.stringify({ script: 'app-1.js', style: 'app-1.css', files: ['app-1.js'], ...part });

/** What comes of such a directory, and what is told. */
function read(directory: string): { build: string | null; told: unknown[] } {
  const told: unknown[] = [];
  const dashboard = readDashboard((error) => told.push(error), directory);
  return { build: dashboard?.build ?? null, told };
}

t.test('a built dashboard is read, and one that was never built is no trouble', async (t) => {
  const built = t.testdir({ 'manifest.json': manifest(), 'app-1.js': '1', 'app-1.js.gz': '2' });
  t.strictSame(read(built), { build: 'app-1.js', told: [] });
  t.strictSame(read(path.join(built, 'nowhere')), { build: null, told: [] });
});

t.test('one that is broken or half there is told of, and stops nobody', async (t) => {
  const broken = {
    'cut off': { 'manifest.json': manifest().slice(0, 20) },
    'of another form': { 'manifest.json': '{"script":1}' },
    'with names that lead out of it': { 'manifest.json': manifest({ files: ['../keyturn.db'] }) },
    'without its files': { 'manifest.json': manifest() },
    'a directory': { 'manifest.json': {} },
  };
  for (const [how, files] of Object.entries(broken)) {
    const { build, told } = read(t.testdir(files));
    t.equal(build, null, how);
    t.equal(told.length, 1, how);
  }
});
