#!/usr/bin/env node
/** The command line: a command and its options; `serve` when none is named. */
import { enableCompileCache } from 'node:module'
import { UsageError } from './cli/command-line.ts'
import { COMMANDS } from './cli/commands/index.ts'
import { countBuffersWithHeap } from './cli/serving/heap-limits.ts'

// Node keeps what it compiles, and strips of its types, for the next start: that saves a third of the time. The package's command and
// `npm start` have it kept from before this file on (scripts/node-version.mjs).
enableCompileCache()
countBuffersWithHeap()

async function main(args: string[]): Promise<number> {
  const [first] = args
  const isNamed = first !== undefined && !first.startsWith('-')
  const name = isNamed ? first : 'serve'
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
  // behind `--` stands another program's command line
  const own = args.slice(0, args.includes('--') ? args.indexOf('--') : undefined)
  if (
    name === 'help' ||
    name === 'version' ||
    own.some((each) => each === '--help' || each === '-h' || each === '--version')
  ) {
    const { commandHelp, generalHelp } = await import('./cli/help.ts')
    const { packageVersion } = await import('./app/package-version.ts')
    const [asked = ''] = name === 'help' ? args.slice(1) : isNamed ? args : []
    const about = Object.hasOwn(COMMANDS, asked) ? COMMANDS[asked] : undefined
    console.log(
      name === 'version' || own.includes('--version') ? packageVersion() : about ? commandHelp(about) : generalHelp(),
    )
    return 0
  }
  if (!command) throw await unknownCommand(name)
  const { run } = await command.load()
  return run(isNamed ? args.slice(1) : args)
}

async function unknownCommand(name: string): Promise<UsageError> {
  const { didYouMean } = await import('./definition/near-miss.ts')
  const names = Object.keys(COMMANDS)
  const near = didYouMean(name, names) || `; there are ${names.join(', ')}`
  return new UsageError(`unknown command "${name}"${near} (balanced-call --help)`)
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code
  },
  (error: unknown) => {
    const told = error instanceof Error && (error instanceof UsageError || error.name === 'ConfigError')
    console.error(told ? error.message : error)
    process.exitCode = told ? 1 : 70
  },
)
