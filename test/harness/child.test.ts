import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { startChild } from './child.ts';

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function ended(pid: number): Promise<boolean> {
  for (let tries = 0; tries < 100; tries += 1) {
    if (!isAlive(pid)) return true;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return false;
}

t.test('a child that ends by itself is reported with its last lines', async (t) => {
  const entry = join(t.testdir(), 'ends.mjs');
  writeFileSync(entry, "console.error('the port is taken'); process.exitCode = 3;");
  const child = startChild({ name: 'collector', entry });
  await t.rejects(child.message(5_000), {
    code: 'CHILD_FAILED',
    message: /collector ended with exit code 3[^]*the port is taken/,
  });
});

t.test('a child that ignores SIGTERM is killed after its grace', async (t) => {
  const entry = join(t.testdir(), 'stays.mjs');
  writeFileSync(
    entry,
    "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000); process.send('up');",
  );
  const child = startChild({ name: 'stubborn', entry });
  t.equal(await child.message(5_000), 'up');
  await child.stop(100);
  t.notOk(isAlive(child.pid));
});

t.test('a child ends when its parent is killed outright', async (t) => {
  const dir = t.testdir();
  const harness = fileURLToPath(new URL('./child.ts', import.meta.url));
  writeFileSync(join(dir, 'stays.mjs'), "setInterval(() => {}, 1000); process.send('up');");
  writeFileSync(
    join(dir, 'parent.mjs'),
    `import { startChild } from ${JSON.stringify(harness)};
     const child = startChild({ name: 'c', entry: ${JSON.stringify(join(dir, 'stays.mjs'))} });
     await child.message(5000);
     console.log(child.pid);`,
  );
  const parent = spawn(process.execPath, [join(dir, 'parent.mjs')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(parent.stdout, 'data')) as [Buffer];
  const pid = Number(line.toString());
  t.ok(isAlive(pid));
  parent.kill('SIGKILL');
  t.ok(await ended(pid), 'no orphan is left');
});
