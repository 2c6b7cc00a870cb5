/** `queuectl completion`: the script that makes a shell complete our commands. */
import { Complaint, EXIT } from '../../../exit.ts'
import { bashCompletion } from '../../completion/bash.ts'
import { completed, SHELLS } from '../../completion/candidates.ts'
import { zshCompletion } from '../../completion/zsh.ts'
import { COMMANDS } from '../commands.ts'

const SCRIPTS = { bash: bashCompletion, zsh: zshCompletion }

export async function completion({ shell }: { readonly shell: string }): Promise<number> {
  const known = SHELLS.find((name) => name === shell)
  if (known === undefined)
    throw new Complaint(EXIT.usage, `"${shell}" is no shell that is known here. Use ${SHELLS.join(' or ')}.`)
  process.stdout.write(SCRIPTS[known](COMMANDS.map(completed)))
  return EXIT.ok
}
