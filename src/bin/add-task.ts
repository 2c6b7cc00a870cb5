#!/usr/bin/env node
import { start } from './start.ts'

await start('add-task', () => import('./command/add-task.ts'))
