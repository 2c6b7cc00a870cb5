/** The board and its terminal: how it leaves, goes into the background, does without colours, and without a database. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { queueProject } from '../bin/queue-project.ts'
import { DATABASES, type Database } from '../helpers/databases.ts'
import { waitFor } from '../helpers/processes.ts'
import { startProxy } from '../helpers/proxy.ts'
import { openScreen, WITHOUT_TERMINAL } from '../helpers/screen.ts'
import { board, busyProject, SMALL } from './board.ts'

test('the terminal is as it was, however the board ends', { skip: WITHOUT_TERMINAL }, async (t) => {
  const project = await queueProject(t, DATABASES[0] as Database)
  const screen = await openScreen(t, { directory: project.directory, ...SMALL })
  const pidOf = async () => {
    await waitFor(() => project.lines('pid').length > 0, { what: 'its process id' })
    return Number(project.lines('pid')[0])
  }
  const ends: Readonly<Record<string, () => unknown>> = {
    q: () => screen.press('q'),
    'Ctrl-C': () => screen.press('C-c'),
    SIGTERM: async () => process.kill(await pidOf(), 'SIGTERM'),
    SIGHUP: async () => process.kill(await pidOf(), 'SIGHUP'),
    'a crash': () => project.db.run("INSERT INTO setting (name, value) VALUES ('tick:web-9', '{')"),
  }
  await screen.type('stty -g >before; echo ready')
  await screen.until(/^ready\n\$$/m)

  const codes: string[] = []
  for (const [how, end] of Object.entries(ends)) {
    writeFileSync(project.path('pid'), '')
    await screen.type(
      'clear; sh -c \'echo $$ >pid; exec queuectl top --interval 200ms\'; echo "exit $?"; stty -g >after',
    )
    await screen.until('fresh')
    assert.ok(await screen.isFullScreen(), how)
    await end()
    const text = await screen.until(/^exit \d+$/m, `the end by ${how}`)
    await screen.untilPrompt()
    codes.push(/exit \d+/.exec(text)?.[0] ?? '')

    assert.equal(await screen.isFullScreen(), false, how)
    assert.deepEqual(project.lines('after'), project.lines('before'), how)
  }

  assert.deepEqual(codes, ['exit 0', 'exit 0', 'exit 143', 'exit 129', 'exit 70'])
  assert.match(await screen.text(), /queuectl: unexpected: .*JSON/)
})

test('the board goes into the background and comes back', { skip: WITHOUT_TERMINAL }, async (t) => {
  const project = await busyProject(t, DATABASES[0] as Database)
  const screen = await board(t, project)

  await screen.press('Down', 'C-z')
  await screen.until('Stopped')
  assert.equal(await screen.isFullScreen(), false)
  await screen.type('echo in between')
  await screen.until(/^in between\n\$$/m)
  await screen.resize(64, SMALL.rows) // of which only the shell hears
  await screen.type('fg')

  await screen.until('▸ mail')
  assert.ok(await screen.isFullScreen())
  assert.match(await screen.text(), / fresh$/m)
  await screen.press('q')
  await screen.untilPrompt()
})

test('without colours nothing is lost', { skip: WITHOUT_TERMINAL }, async (t) => {
  const project = await busyProject(t, DATABASES[0] as Database)
  const plain = await board(t, project, { NO_COLOR: '1' })
  const coloured = await board(t, project)
  const colour = new RegExp(`${String.fromCharCode(27)}\\[3\\dm`)

  await plain.press('Down')
  await coloured.press('Down')

  await plain.until('▸ mail')
  await coloured.until('▸ mail')
  assert.doesNotMatch(await plain.text({ colours: true }), colour)
  assert.match(await coloured.text({ colours: true }), colour)
})

const mariadb = DATABASES.find(({ name }) => name === 'mariadb')

test('while the database does not answer the board says so, and goes on when it is back', {
  skip: WITHOUT_TERMINAL || (mariadb === undefined && 'there is no server'),
}, async (t) => {
  const project = await busyProject(t, mariadb as Database)
  const proxy = await startProxy(t, project.url)
  const screen = await board(t, project, { QUEUE_URL: proxy.url })

  await proxy.refuse()
  proxy.cut()
  await screen.until(/\d+s old\n! The database does not answer: [\s\S]*mail/)
  await screen.press('Down')
  await screen.until('▸ mail')
  await proxy.heal()

  await screen.until((text) => text.includes('fresh') && !text.includes('not answer'), 'the database to be back')
})
