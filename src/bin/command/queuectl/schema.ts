/** `queuectl schema`: prints the statements that make the tables. It asks no database. */

import { schemaFacts, schemaText } from '../../../ctl/schema.ts'
import { Complaint, EXIT } from '../../../exit.ts'
import { parseQueueUrl } from '../../../queue/url.ts'
import { printJson } from '../../print.ts'
import type { Settings } from '../../settings.ts'

export interface SchemaFlags {
  readonly for?: string | undefined
  readonly json?: boolean | undefined
}

export async function schema(flags: SchemaFlags, { queueUrl, directory }: Settings): Promise<number> {
  const ddl = flags.for ?? parseQueueUrl(queueUrl, directory).kind
  if (ddl !== 'mysql' && ddl !== 'sqlite')
    throw new Complaint(EXIT.usage, `--for is "${ddl}". Use mysql (also for MariaDB) or sqlite.`)
  if (flags.json === true) printJson(schemaFacts(ddl))
  else process.stdout.write(schemaText(ddl))
  return EXIT.ok
}
