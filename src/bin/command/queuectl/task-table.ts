/** Tasks as a table, one line each: of a list, and of what is about to be changed. */
import { aboutText, momentOf, whenText } from '../../../ctl/list.ts'
import type { ListedTask, TaskList } from '../../../queue/store/list-tasks.ts'
import { clockTime } from '../../../time/time-text.ts'
import { type Column, table } from '../../table.ts'

interface ListColumn extends Column {
  readonly cell: (task: ListedTask) => string
}

/** Fits 80 characters on a terminal; into a pipe go exact times, and the parameter and the error side by side. */
export function taskTable({ tasks, now }: TaskList, zone: string, stream: NodeJS.WriteStream = process.stdout): string {
  const columns: readonly ListColumn[] = [
    { title: 'ID', cell: ({ id }) => String(id) },
    { title: 'QUEUE', least: 7, cell: ({ queue }) => queue },
    { title: 'TASK', least: 9, cell: ({ task }) => task },
    { title: 'STATE', cell: ({ state }) => state, style: stateStyle },
    ...(stream.isTTY
      ? [
          { title: 'TRIED', cell: ({ attempts }: ListedTask) => String(attempts) },
          { title: 'WHEN', cell: (task: ListedTask) => whenText(task, now) },
          { title: 'PARAM OR ERROR', least: 14, cell: aboutText },
        ]
      : [
          { title: 'ATTEMPTS', cell: ({ attempts }: ListedTask) => String(attempts) },
          { title: 'TIME', cell: (task: ListedTask) => clockTime(zone, momentOf(task)) },
          { title: 'PARAM', cell: ({ param }: ListedTask) => param },
          { title: 'ERROR', cell: ({ error }: ListedTask) => error ?? '' },
        ]),
  ]
  return table(
    columns,
    tasks.map((task) => columns.map(({ cell }) => cell(task))),
    stream,
  )
}

function stateStyle(state: string) {
  if (state === 'failed') return 'red'
  if (state === 'running') return 'green'
  return state === 'held' || state === 'cancelled' ? 'yellow' : undefined
}
