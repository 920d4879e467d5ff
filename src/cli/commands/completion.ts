/** `completion SHELL`: a script that has the shell complete commands and options. */
import { basename } from 'node:path'
import { completionScript, SHELLS, type Completed } from '../completion.ts'
import { readOptions, refuseMore, UsageError } from '../command-line.ts'

/** @param commands all that there are: their table names this file, which can not name the table */
export function completionOf(commands: Completed) {
  return async (args: string[]): Promise<number> => {
    const { values, positionals } = readOptions(args, { shell: { type: 'string' } })
    refuseMore(positionals, 1)
    const asked = positionals[0] ?? values.shell ?? basename(process.env['SHELL'] ?? '')
    const shell = SHELLS.find((each) => each === asked)
    if (shell === undefined) throw new UsageError(`completion wants a shell: ${SHELLS.join(', ')}`)
    process.stdout.write(completionScript(shell, commands))
    return 0
  }
}
