#!/usr/bin/env node
import { start } from './start.ts'

await start('cron-mission', () => import('./command/cron-mission/cron-mission.ts'))
