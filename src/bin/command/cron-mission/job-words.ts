/** What a job does, in a few words. */
import type { PlannedJob } from '../../../schedule/language/plan.ts'

/** `mail × 4`, `bin/backup --full`, `adds tasks` */
export function workText({ work }: PlannedJob): string {
  switch (work.kind) {
    case 'queue':
      return `${work.queue} × ${work.shards === 'function' ? 'a function' : work.shards}`
    case 'exec':
      return work.command.join(' ')
    case 'enqueue':
      return 'adds tasks'
  }
}
