#!/usr/bin/env node
import { startOn } from './node-version.js';

await startOn('keyturn', () => import('../src/cli/main.ts'));
