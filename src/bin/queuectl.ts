#!/usr/bin/env node
import { start } from './start.ts'

await start('queuectl', () => import('./command/queuectl/queuectl.ts'))
