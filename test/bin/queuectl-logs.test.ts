import assert from 'node:assert/strict'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import test from 'node:test'
import { gzipSync } from 'node:zlib'
import { DATABASES, type Database } from '../helpers/databases.ts'
import { binFile, runProgram, waitFor } from '../helpers/processes.ts'
import { logsProject } from './logs-project.ts'

const [sqlite] = DATABASES as readonly [Database]
const MEBIBYTE = 1_048_576
const BINARY = Buffer.from([0, 1, 0xff, 0xfe, 0x0d, 0x0a, 0x80, 0xc0, 0x1b, 0x5b, 0x30, 0x6d, 0])

for (const database of DATABASES) {
  test(`each attempt, and more than a log takes (${database.name})`, async (t) => {
    const project = await logsProject(t, database)
    const { insert, printed } = project
    const [large, retried] = await insert({ task: 'pour', param: `${MEBIBYTE + 17}` }, { task: 'fail', retry: '0s,0s' })
    const worker = project.start('do-queue', ['--concurrency', '2', '--quiet', '--watch'])
    await waitFor(async () => `${await project.states()}` === 'done,failed', { what: 'the end of both' })
    worker.kill('SIGTERM')
    await worker.exited
    const poured = await runProgram('/bin/sh', ['-c', `seq 1 100000000 | head -c ${MEBIBYTE + 17}`], { cwd: '/' })

    const all = await Promise.all([
      printed(`${large}`),
      printed(`${retried}`),
      printed(`${retried}`, '--attempt', '1'),
      printed(`${retried}`, '-f', '--attempt', '2'),
    ])

    const [ofLarge, ...ofRetried] = all
    assert.deepEqual(
      all.map(({ code, stderr }) => [code, stderr]),
      all.map(() => [0, '']),
    )
    assert.ok(ofLarge.bytes.equals(Buffer.from(poured.stdout)))
    assert.deepEqual(
      ofRetried.map(({ bytes }) => bytes.toString()),
      [3, 1, 2].map((attempt) => `attempt ${attempt} of task ${retried}\n`),
    )
  })
}

test('binary output, none, and one object as JSON', async (t) => {
  const project = await logsProject(t, sqlite)
  const { printed } = project
  const [binary, nothing, text] = await project.insert(
    { task: 'bytes' },
    { task: 'exit' },
    { task: 'say', param: 'grüße' },
  )
  await project.run('do-queue', ['--quiet'])

  const [ofBinary, ofNothing, json, jsonOfText] = await Promise.all([
    printed(`${binary}`),
    printed(`${nothing}`),
    printed(`${binary}`, '--json'),
    printed(`${text}`, '--json'),
  ])

  assert.deepEqual(ofBinary.bytes, BINARY)
  assert.deepEqual([ofNothing.code, ofNothing.bytes.length, ofNothing.stderr], [0, 0, ''])
  const row = await project.row(binary)
  assert.deepEqual(JSON.parse(json.bytes.toString()), {
    id: binary,
    attempt: 1,
    path: project.path('logs', row.logFile ?? ''),
    offset: row.logOffset,
    bytes: BINARY.length,
    encoding: 'base64',
    text: BINARY.toString('base64'),
  })
  const facts = JSON.parse(jsonOfText.bytes.toString())
  assert.deepEqual([facts.bytes, facts.encoding, facts.text], [7, 'utf8', 'grüße'])
})

test('where the output is not: a file that is missing, compressed, rotated, or was cut off', async (t) => {
  const project = await logsProject(t, sqlite)
  const [id] = await project.insert({ task: 'say', param: 'hello' })
  await project.run('do-queue', ['--quiet'])
  const { logFile, logOffset } = await project.row(id)
  const path = project.path('logs', logFile ?? '')
  const whole = readFileSync(path)
  const refusal = async () => {
    const { code, stderr, bytes } = await project.printed(`${id}`)
    assert.equal(bytes.length, 0)
    return [code, stderr.replaceAll(path, 'FILE')]
  }

  writeFileSync(path, 'x'.repeat(whole.length * 2))
  assert.deepEqual(await refusal(), [
    65,
    `queuectl: The file FILE does not have the output of task ${id} any more: something else stands there. It was rotated or cut off.\n`,
  ])
  writeFileSync(path, whole.subarray(0, (logOffset ?? 0) + 3))
  assert.equal((await refusal())[0], 65)
  writeFileSync(`${path}.1`, whole)
  writeFileSync(path, '')
  const command = `tail -c +${(logOffset ?? 0) + 1} | head -c 5`
  assert.deepEqual(await refusal(), [
    65,
    `queuectl: The file FILE does not have the output of task ${id} any more: something else stands there. This prints it: cat FILE.1 | ${command}\n`,
  ])
  rmSync(path)
  rmSync(`${path}.1`)
  assert.deepEqual(await refusal(), [
    69,
    'queuectl: The file FILE, which has this output, is not here: it was deleted, or it is on the host that ran the task.\n',
  ])
  writeFileSync(`${path}.gz`, gzipSync(whole))
  assert.deepEqual(await refusal(), [
    69,
    `queuectl: The file FILE, which has this output, was compressed. This prints it: zcat FILE.gz | ${command}\n`,
  ])
  const shown = await runProgram('/bin/sh', ['-c', `zcat ${path}.gz | ${command}`], { cwd: '/' })
  assert.equal(shown.stdout, 'hello')
})

test('refused: no such task or attempt, one that has not run, one that runs elsewhere', async (t) => {
  const project = await logsProject(t, sqlite)
  const { db, printed } = project
  const [waiting, running, cancelled, ended] = (await project.insert(
    { task: 'say' },
    { task: 'say', status: 2, attempts: 2, claim_token: 7, worker_id: 1 },
    { task: 'say', status: 5 },
    { task: 'say', status: 1, attempts: 1 },
  )) as [number, number, number, number]
  const columns = 'queue, total, shard, host, boot_id, pid, pid_start, state_directory'
  await db.run(
    `INSERT INTO worker (${columns}) VALUES ('default', 1, 0, 'web-9', 'other', 4711, 1, '/srv/shop/.queue')`,
  )
  const cases: readonly (readonly [string[], number, RegExp])[] = [
    [['4711'], 65, /^queuectl: There is no task 4711\. /],
    [
      [`${ended}`, '--attempt', '3'],
      65,
      /had no attempt 3, or its row was deleted\. Its attempts are counted from 1 to 1\.$/,
    ],
    [[`${waiting}`], 75, /has not run yet\. "queuectl why 1" says why; "queuectl logs -f 1" waits for it\.$/],
    [[`${cancelled}`], 65, /was never started, so it has printed nothing\. /],
    [
      [`${running}`],
      69,
      /runs on web-9, and until it ends, what it prints is there, in \/srv\/shop\/\.queue\/worker-\w+-1\. Ask on that host\.$/,
    ],
    [['-f', `${running}`], 69, /Ask on that host\.$/],
    [
      ['-f', '--json', `${running}`],
      64,
      /^queuectl: --json prints one object when all is known\. Leave out --follow, or --json\.$/,
    ],
    [[`${ended}`, '--attempt', 'x'], 64, /--attempt is x\. Use a whole number from 1 to 65535\.$/],
  ]
  const answers = await Promise.all(cases.map(([args]) => printed(...args)))
  for (const [i, [args, code, sentence]] of cases.entries()) {
    assert.deepEqual([args, answers[i]?.code], [args, code])
    assert.match(answers[i]?.stderr.trim() ?? '', sentence)
  }
  await db.run('DELETE FROM worker')
})

test('whoever reads may leave early', async (t) => {
  const project = await logsProject(t, sqlite)
  const [id] = await project.insert({ task: 'pour', param: `${8 * MEBIBYTE}` })
  await project.run('do-queue', ['--quiet'])

  const command = `"$0" "$1" logs ${id} | head -c 4`
  const ended = await runProgram('/bin/sh', ['-c', command, process.execPath, binFile('queuectl')], {
    cwd: project.directory,
    t,
  })

  assert.deepEqual([ended.code, ended.stdout, ended.stderr], [0, '1\n2\n', ''])
})
