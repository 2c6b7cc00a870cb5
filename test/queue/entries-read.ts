/** What a MySQL or MariaDB server reads for a piece of work, counted by itself. */
import type { Driver, Executor } from '../../src/queue/driver.ts'

/** @param work  is given the same database, by the one connection that is counted */
export function entriesRead(db: Driver, work: (counted: Driver) => Promise<unknown>): Promise<number> {
  return db.transaction(async (tx) => {
    await readSoFar(tx)
    const before = await readSoFar(tx)
    const asking = (await readSoFar(tx)) - before // it reads a table of its own
    const begin = await readSoFar(tx)
    await work(within(db, tx))
    return (await readSoFar(tx)) - begin - asking
  })
}

async function readSoFar(tx: Executor): Promise<number> {
  const counts = await tx.all<{ Value: string }>("SHOW SESSION STATUS LIKE 'Handler_read%'")
  return counts.reduce((sum, { Value }) => sum + Number(Value), 0)
}

function within(db: Driver, { all, run }: Executor): Driver {
  return Object.create(db, {
    dialect: { get: () => db.dialect },
    all: { value: all },
    run: { value: run },
  }) as Driver
}
