#!/usr/bin/env node
import { start } from './start.ts'

await start('do-queue', () => import('./command/do-queue.ts'))
