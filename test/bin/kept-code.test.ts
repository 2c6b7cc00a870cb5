/**
 * The code that V8 made of a command's files: kept by a run that went as most do, used by the next, and never needed.
 */
import assert from 'node:assert/strict'
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { temporaryDirectory } from '../helpers/cleanup.ts'
import { DATABASES } from '../helpers/databases.ts'
import { type QueueProject, queueProject } from './queue-project.ts'

/** What the whole worker is wanted for. */
const WHOLE = ['--nice', '0']

for (const database of DATABASES) {
  test(`what was compiled is kept and believed, of a quiet worker and of a whole one (${database.name})`, async (t) => {
    const project = await queueProject(t, database)
    const [home, other] = [temporaryDirectory(t), temporaryDirectory(t)]
    const run = (args: readonly string[], place = home) => project.run('do-queue', args, { env: { HOME: place } })
    await project.run('do-queue') // there is a state directory

    await run([])
    await run(WHOLE)
    const first = kept(home)
    await run([])
    await run(WHOLE)
    await run(['--dry-run'], other)

    const mysql2 = database.name === 'sqlite' ? [] : ['mysql2-do-queue', 'mysql2-quick']
    assert.deepEqual(kinds(first), ['do-queue-do-queue', 'do-queue-quick', ...mysql2])
    assert.ok(!kinds(kept(other)).includes('do-queue-quick'), 'nothing was quick')
    assert.deepEqual(kept(home), first)
  })

  test(`what starts programs is kept by a worker that started one, and believed (${database.name})`, async (t) => {
    const project = await queueProject(t, database)
    const home = temporaryDirectory(t)
    await project.run('do-queue') // there is a state directory
    const runTask = async () => {
      await project.insert({ task: 'exit' })
      await project.run('do-queue', [], { env: { HOME: home } })
      return kept(home)
    }

    const first = await runTask()

    const mysql2 = database.name === 'sqlite' ? [] : ['mysql2-handing-on']
    assert.deepEqual(kinds(first), ['do-queue-do-queue', 'do-queue-handing-on', 'execa-do-queue', ...mysql2])
    assert.deepEqual(await runTask(), first)
  })

  test(`that of a worker that found work will do until one has found none (${database.name})`, async (t) => {
    const project = await queueProject(t, database)
    const home = temporaryDirectory(t)
    const env = { HOME: home }
    await project.run('do-queue') // there is a state directory
    await project.insert({ task: 'exit' })

    await project.run('do-queue', [], { env })
    const ofWork = kinds(kept(home))
    await project.run('do-queue', [], { env })
    const ofNone = kinds(kept(home))

    assert.deepEqual([ofWork.includes('do-queue-handing-on'), ofWork.includes('do-queue-quick')], [true, false])
    assert.ok(ofNone.includes('do-queue-quick'))
  })

  test(`without a place to keep it everything is as it was (${database.name})`, async (t) => {
    const project = await queueProject(t, database)
    await project.run('do-queue')

    for (const home of ['/dev/null', '/proc/nowhere', join(temporaryDirectory(t), 'nowhere')])
      for (const args of [[], WHOLE]) await runsIn(project, home, args)
  })
}

async function runsIn(project: QueueProject, home: string, args: readonly string[]): Promise<void> {
  const { code, stderr } = await project.run('do-queue', args, { env: { HOME: home } })
  assert.deepEqual([code, stderr], [0, ''])
}

/** The files, and which ones they are: one that is kept anew is another file. */
function kept(home: string): Readonly<Record<string, number>> {
  const directory = join(home, '.cache', 'cron-mission')
  const names = readdirSync(directory).filter((name) => /-\d+-[\d.]+$/.test(name))
  return Object.fromEntries(names.map((name) => [name, statSync(join(directory, name)).ino]))
}

function kinds(files: Readonly<Record<string, number>>): string[] {
  return Object.keys(files)
    .map((name) => name.replace(/-v\d.*$/, ''))
    .toSorted()
}
