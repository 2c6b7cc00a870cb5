#!/usr/bin/env node
import { start } from './start.ts'

void start('queuectl', () => import('./command/queuectl/queuectl.ts'))
