#!/usr/bin/env node
import { start } from './start.ts'

void start('add-task', () => import('./command/add-task.ts'))
