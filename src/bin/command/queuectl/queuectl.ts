/**
 * `queuectl`: the operator's command. What each verb does is in a file of ctl/.
 */
import { COMMON_FLAGS } from '../../flags.ts'
import { type CommandOfVerbs, runVerbs } from '../../verb-line.ts'
import { VERBS } from './verbs.ts'

export const QUEUECTL: CommandOfVerbs = {
  name: 'queuectl',
  verbs: VERBS,
  purpose: 'Looks after the tasks of the queue.',
  options: { json: { type: 'boolean', describe: 'Print as JSON' }, ...COMMON_FLAGS },
}

export function main(args: string[]): Promise<number> {
  return runVerbs(QUEUECTL, args)
}
