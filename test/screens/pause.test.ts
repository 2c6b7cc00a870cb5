/** A program that went wrong, from the first failure to the repair: what a person who pauses it sees. */
import { hostname, userInfo } from 'node:os'
import { test } from 'node:test'
import { queueProject } from '../bin/queue-project.ts'
import { DATABASES, type Database } from '../helpers/databases.ts'
import { matchesScreen, openScreen, WITHOUT_TERMINAL } from '../helpers/screen.ts'

const [sqlite] = DATABASES as readonly [Database]
/** Sentences are not folded: how long they are depends on the host's name. */
const WHO = [new RegExp(`${userInfo().username}@${hostname()}`, 'g'), 'ana@HOST'] as const

test('a program is paused, one task is tried by hand, and the rest is let go', {
  skip: WITHOUT_TERMINAL,
}, async (t) => {
  const project = await queueProject(t, sqlite)
  await project.insert({ task: 'tally' }, { task: 'exit' }, { task: 'tally' }, { task: 'tally' })
  const screen = await openScreen(t, { directory: project.directory, columns: 160, rows: 50 })
  const shell = async (line: string) => {
    await screen.type(line)
    await screen.untilPrompt()
  }

  await shell('queuectl pause --task tally --reason "it counts twice"')
  await shell('do-queue --quiet; queuectl list --oldest | cut -f 1,3,4')
  await shell('queuectl why 1')
  await shell('queuectl release 1 && do-queue --quiet')
  await shell('queuectl pause default')
  await shell('do-queue')
  await shell('queuectl resume --all && do-queue --quiet')
  await shell('queuectl list --oldest | cut -f 1,3,4')

  await matchesScreen('pause', await screen.text(), [WHO])
})
