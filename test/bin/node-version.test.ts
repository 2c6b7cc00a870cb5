import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join, resolve } from 'node:path'
import { test } from 'node:test'
import { tooOld } from '../../src/bin/start.ts'
import { temporaryDirectory } from '../helpers/cleanup.ts'
import { runProgram } from '../helpers/processes.ts'

const COMMANDS = ['cron-mission', 'do-queue', 'add-task', 'queuectl']
const DIST = resolve(import.meta.dirname, '../../dist/bin')

for (const version of ['22.18.0', '22.18.1', '22.20.0', '23.0.0', '24.0.0', '100.1.2']) {
  test(`Node ${version} is new enough`, () => {
    assert.equal(tooOld(version), undefined)
  })
}

for (const version of ['22.17.9', '22.9.0', '21.99.0', '20.20.2', '18.0.0', '8.17.0', '0.12.18']) {
  test(`Node ${version} is too old, and the sentence says what to do`, () => {
    const sentence = tooOld(version) ?? ''

    assert.ok(
      sentence.startsWith(`This is Node ${version} (${process.execPath}), and cron-mission needs 22.18 or newer: `),
    )
    assert.match(sentence, /run "npm install node@24" in the project and put its node_modules\/\.bin first in PATH\.$/)
  })
}

const old = oldNode()
for (const command of COMMANDS) {
  test(`${command} says so when it is run by a Node that is too old`, {
    skip: old === undefined && 'no old Node is installed',
  }, async (t) => {
    const { path = '', version = '' } = old ?? {}

    const ended = await runProgram(path, [join(DIST, `${command}.js`)], { cwd: temporaryDirectory(t), t })

    assert.deepEqual([ended.code, ended.stdout], [78, ''])
    assert.match(
      ended.stderr,
      new RegExp(
        `^${command}: This is Node ${version.replaceAll('.', '\\.')} \\(.+\\), and cron-mission needs 22\\.18 or newer: [^\\n]+\\.\\n$`,
      ),
    )
  })
}

/** A Node of the system's that is too old for us: distributions have one for years. */
function oldNode(): { readonly path: string; readonly version: string } | undefined {
  const folders = ['/usr/bin', ...(process.env.PATH ?? '').split(delimiter)].filter(
    (it) => !it.includes('node_modules'),
  )
  for (const path of folders.map((folder) => join(folder, 'node')).filter((path) => existsSync(path))) {
    const version = execFileSync(path, ['--version'], { encoding: 'utf8' }).trim().slice(1)
    if (tooOld(version) !== undefined) return { path, version }
  }
  return undefined
}
