import assert from 'node:assert/strict'
import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { Complaint, EXIT } from '../../src/exit.ts'
import { LARGEST_BLOCK_BYTES, type Output, SlotFiles } from '../../src/worker/slot-files.ts'
import { afterwards, temporaryDirectory } from '../helpers/cleanup.ts'

test('nobody else may read the files', (t) => {
  const { directory } = slotFiles(t)

  const modes = ['slot-3.out', 'slot-3.journal'].map((name) => statSync(join(directory, name)).mode & 0o777)

  assert.deepEqual(modes, [0o600, 0o600])
})

test('a program that wrote nothing has no output', (t) => {
  const { files } = slotFiles(t)

  assert.deepEqual(files.takeOutput(), { kind: 'none' })
})

test('each program has the bytes that it wrote itself, and no others', (t) => {
  const { files } = slotFiles(t)
  const outputs = [Buffer.from('first'), Buffer.from([0, 255, 10]), Buffer.alloc(0), Buffer.from('last\n')]

  const taken = outputs.map((bytes) => {
    writeSync(files.descriptors.out, bytes)
    return copied(files.takeOutput())
  })

  assert.deepEqual(taken, [
    { kind: 'bytes', bytes: outputs[0] },
    { kind: 'bytes', bytes: outputs[1] },
    { kind: 'none' },
    { kind: 'bytes', bytes: outputs[3] },
  ])
})

test('what the running program has written so far is known', (t) => {
  const { files } = slotFiles(t)
  writeSync(files.descriptors.out, 'of an earlier program')
  files.takeOutput()

  writeSync(files.descriptors.out, 'of this one')

  assert.equal(files.written(), 'of this one'.length)
})

test('an output has its bytes also when that of another slot was read in the meantime', (t) => {
  const [one, other] = [slotFiles(t).files, slotFiles(t).files]

  writeSync(one.descriptors.out, 'of one')
  const first = one.takeOutput()
  writeSync(one.descriptors.out, 'its next')
  writeSync(other.descriptors.out, 'of the other')
  const second = other.takeOutput()

  assert.deepEqual(
    [copied(first), copied(second), copied(first)],
    [
      { kind: 'bytes', bytes: Buffer.from('of one') },
      { kind: 'bytes', bytes: Buffer.from('of the other') },
      { kind: 'bytes', bytes: Buffer.from('of one') },
    ],
  )
})

test('an output of the largest size is still a block, and one byte more stays in its file', (t) => {
  const { files, directory } = slotFiles(t)

  writeSync(files.descriptors.out, Buffer.alloc(LARGEST_BLOCK_BYTES, 'x'))
  const block = copied(files.takeOutput())
  writeSync(files.descriptors.out, Buffer.alloc(LARGEST_BLOCK_BYTES, 'y'))
  writeSync(files.descriptors.out, 'z')
  const file = files.takeOutput()

  assert.ok(block.kind === 'bytes' && block.bytes.equals(Buffer.alloc(LARGEST_BLOCK_BYTES, 'x')))
  assert.ok(file.kind === 'file')
  const { path, offset, length, tail } = file
  assert.deepEqual(
    [path, offset, length],
    [join(directory, 'slot-3.out'), LARGEST_BLOCK_BYTES, LARGEST_BLOCK_BYTES + 1],
  )
  assert.match(tail.toString(), /^y+z$/)
})

test('the files are begun anew when they have grown, or when the output was moved away', (t) => {
  const { files, directory } = slotFiles(t)
  writeSync(files.descriptors.journal, 'S 1 1 1 1 0 0\n')
  writeSync(files.descriptors.out, 'moved')
  files.takeOutput()
  renameSync(join(directory, 'slot-3.out'), join(directory, 'elsewhere'))

  files.renew()
  writeSync(files.descriptors.out, 'new')

  assert.equal(files.begin, 0)
  assert.deepEqual(files.takeOutput(), { kind: 'bytes', bytes: Buffer.from('new') })
  assert.equal(readFileSync(join(directory, 'elsewhere'), 'utf8'), 'moved')
  assert.equal(readFileSync(join(directory, 'slot-3.journal'), 'utf8'), '')
})

test('only a file of more than sixteen megabytes is full', (t) => {
  const { files } = slotFiles(t)
  const megabyte = Buffer.alloc(1_048_576)

  const full = Array.from({ length: 17 }, () => {
    writeSync(files.descriptors.out, megabyte)
    files.takeOutput()
    return files.isFull
  })

  assert.deepEqual(full, [...Array.from({ length: 16 }, () => false), true])
})

test("a program's input is not changed by that of the next", (t) => {
  const { files } = slotFiles(t)
  files.writeInput(Buffer.from('the first, a longer one'))
  const reading = openSync(files.inPath, 'r')
  afterwards(t, () => closeSync(reading))

  files.writeInput(Buffer.from('second'))

  const bytes = Buffer.alloc(100)
  assert.equal(bytes.toString('utf8', 0, readSync(reading, bytes)), 'the first, a longer one')
  assert.equal(readFileSync(files.inPath, 'utf8'), 'second')
  assert.equal(statSync(files.inPath).mode & 0o777, 0o600)
})

test('removing leaves nothing of the slot, and nothing of another is touched', (t) => {
  const { directory, files } = slotFiles(t)
  files.writeInput(Buffer.from('x'))
  writeFileSync(join(directory, 'slot-4.journal'), '')

  files.remove()

  assert.deepEqual(readdirSync(directory), ['slot-4.journal'])
  assert.ok(!existsSync(files.inPath))
})

test('a directory that cannot be written is a sentence that names it', (t) => {
  const parent = temporaryDirectory(t)
  writeFileSync(join(parent, 'file'), '')

  assert.throws(
    () => new SlotFiles(join(parent, 'file', 'worker-1'), 0),
    (error) =>
      error instanceof Complaint &&
      error.exitCode === EXIT.badConfig &&
      /^The state directory .*\/file\/worker-1 cannot be written \(ENOTDIR\)\. .*QUEUE_STATE/.test(error.message),
  )
})

function slotFiles(t: TestContext): { readonly directory: string; readonly files: SlotFiles } {
  const directory = temporaryDirectory(t)
  const files = new SlotFiles(directory, 3)
  afterwards(t, () => rmSync(files.inPath, { force: true }))
  return { directory, files }
}

/** The bytes of an output are good until the next one is taken. */
function copied(output: Output): Output {
  return output.kind === 'bytes' ? { ...output, bytes: Buffer.from(output.bytes) } : output
}
