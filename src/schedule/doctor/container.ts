/**
 * In a container: who sees to the processes whose parents have left.
 *
 * Workers outlive the tick that starts them, so their parent is process 1. An init reaps them when they end, and so does a
 * shell or cron; Node does not.
 */
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { type Finding, note } from '../../doctor/finding.ts'

export function containerFindings(proc = '/proc'): Finding[] {
  const [program = ''] = read(`${proc}/1/cmdline`).split('\0')
  if (basename(program) !== 'node') return []
  return [
    note(
      'container',
      'Process 1 of this container is Node, which leaves ended workers behind as zombies. Start it with an init: docker run --init, or init: true for compose.',
    ),
  ]
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
