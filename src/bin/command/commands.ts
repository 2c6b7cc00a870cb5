/** All four commands, as they are declared: for the manual and the completion of shells. */
import type { DeclaredCommand } from '../verb.ts'
import { ADD_TASK } from './add-task-flags.ts'
import { CRON_MISSION } from './cron-mission/cron-mission.ts'
import { DO_QUEUE } from './do-queue-flags.ts'
import { QUEUECTL } from './queuectl/queuectl.ts'

export const COMMANDS: readonly DeclaredCommand[] = [CRON_MISSION, DO_QUEUE, ADD_TASK, QUEUECTL]
