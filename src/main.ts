#!/usr/bin/env node
/** The command line: a subcommand and its options; `serve` when none is named. */
import { enableCompileCache } from 'node:module'
import { UsageError } from './cli/command-line.ts'

// What Node compiles, and strips of its types, it keeps for the next start: a third of the time.
enableCompileCache()

interface Command {
  summary: string
  load: () => Promise<{ run: (args: string[]) => Promise<number> }>
}

/** Loaded when called for, so that `serve` starts without the others. */
const COMMANDS: Record<string, Command> = {
  serve: { summary: 'start the gateway (the default)', load: () => import('./cli/serve.ts') },
  check: { summary: 'check a configuration or a wire format: check [FILE]', load: () => import('./cli/check.ts') },
  convert: {
    summary:
      'show the request that would be sent, or what a client would get: convert --to PROVIDER/MODEL < request.json',
    load: () => import('./cli/convert.ts'),
  },
  plan: {
    summary: 'run a trace of requests through the scheduler on a virtual clock: plan --trace FILE.csv',
    load: () => import('./cli/plan.ts'),
  },
  providers: {
    summary: 'list who is live, and why the others are not: providers [--live|--all|--json]',
    load: () => import('./cli/providers.ts'),
  },
  probe: {
    summary: 'does each key work? One tiny request with each: probe [PROVIDER[/MODEL]]',
    load: () => import('./cli/probe.ts'),
  },
  run: {
    summary: 'start an agent or app on this gateway: run [--model M] -- AGENT …',
    load: () => import('./cli/run.ts'),
  },
  setup: {
    summary: "write this gateway into a tool's own configuration: setup TOOL [--print]",
    load: () => import('./cli/setup.ts'),
  },
  'init-format': {
    summary: "draft a wire format from a vendor's example: init-format --from curl.txt [--answer sample]",
    load: () => import('./cli/init-format.ts'),
  },
  test: {
    summary: "run a wire format's cases: test [PROVIDER|FORMAT|FILE.yaml]; --live asks the vendor itself",
    load: () => import('./cli/test.ts'),
  },
}

async function main(args: string[]): Promise<number> {
  const [first] = args
  if (first === 'help' || first === '--help' || first === '-h') return help()
  const named = first !== undefined && !first.startsWith('-')
  const name = named ? first : 'serve'
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
  if (!command) throw new UsageError(`no command "${name}"; there are ${Object.keys(COMMANDS).join(', ')}`)
  const { run } = await command.load()
  return run(named ? args.slice(1) : args)
}

function help(): number {
  const width = Math.max(...Object.keys(COMMANDS).map((name) => name.length))
  console.log('balanced-call: many LLM keys, one OpenAI endpoint\n')
  for (const [name, { summary }] of Object.entries(COMMANDS)) console.log(`  ${name.padEnd(width)}  ${summary}`)
  console.log('\nserve [--config FILE] [--port N] [--host H] [--data DIR] [--workers N|auto] [--insecure]')
  console.log('also BALANCED_CALL_CONFIG, PORT, HOST, BALANCED_CALL_DATA, BALANCED_CALL_WORKERS, LOG_LEVEL')
  return 0
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
