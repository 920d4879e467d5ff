/** What a person sees who starts it for the first time, on a terminal and in a pipe. */
import { spawn, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { stripVTControlCharacters } from 'node:util'
import { describe, expect, test } from 'vitest'
import { COMMANDS } from '../../src/cli/commands/index.ts'
import { greeted, run, start } from '../scheduler-http/command-line.ts'

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url))
const hasTerminal = spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout?.includes('util-linux') ?? false
if (!hasTerminal) console.warn("util-linux's script is not here: the tests on a terminal are skipped")

const HELLO = { model: 'fast', messages: [{ role: 'user', content: 'Hello' }] }

describe('serve', { timeout: 60_000 }, () => {
  test.skipIf(!hasTerminal)('on a terminal: where, who, what to try, and a line for each request', async () => {
    const terminal = onTerminal()
    const address = await terminal.until(/balanced-call on (http:\/\/[^/\s]+)\/v1/)
    await terminal.until(/curl .*\n.*"messages"/)
    const screen = terminal.screen()
    expect(screen).toMatch(
      /providers +sandbox \(built in, invents its answers\)\n +\d+ more with a key: balanced-call providers/,
    )
    expect(screen).toMatch(/models +fast, /)
    expect(screen.split('\n').length).toBeLessThan(14)
    expect(screen).not.toContain('{"level"')
    await ask(address)
    await terminal.until(/INFO: fast → sandbox\/sandbox, \d+ ms, \d+ \+ \d+ tokens/)
    terminal.stop()
    expect(await terminal.code).toBe(0)
  })

  test('in a pipe: each line is JSON', async () => {
    const child = start(['--port', '0'])
    let said = ''
    child.stdout.on('data', (piece) => (said += String(piece)))
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
    const address = (): string => /balanced-call on (http:\/\/[^/\s]+)/.exec(said)?.[1] ?? ''
    await expect.poll(address, SOON).not.toBe('')
    await ask(address())
    child.kill('SIGTERM')
    expect(await ended).toBe(0)
    const lines = said
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
    expect(lines[0]).toMatchObject({ level: 'info', providers: ['sandbox'], left_out: expect.any(Number) })
    expect(lines).toContainEqual(expect.objectContaining({ msg: 'chat', provider: 'sandbox', outcome: 'ok' }))
    expect(said.length).toBeLessThan(2000)
  })

  test('a log without info still says where it listens', async () => {
    const child = start(['--port', '0'], { LOG_LEVEL: 'error' })
    expect(await greeted(child)).toMatch(/^http:/)
    child.kill('SIGTERM')
  })

  test('LOG_FORMAT=pretty is for people who read a file', async () => {
    const child = start(['--port', '0'], { LOG_FORMAT: 'pretty' })
    const address = await greeted(child)
    child.kill('SIGTERM')
    expect(address).toMatch(/^http:/)
  })
})

describe('the command line', () => {
  test.each(Object.keys(COMMANDS))('%s --help shows every option that it takes, and an example', async (name) => {
    const command = COMMANDS[name]
    if (!command) throw new Error(name)
    const { run: of } = await command.load()
    const fault = await of(['--zzzzzzzzzz']).catch((error: unknown) => error as Error)
    const taken = /\(options: ([^)]*)\)/.exec(String(fault))?.[1]?.split(', ') ?? []
    expect(taken.length).toBeGreaterThan(0)
    const shown = Object.keys(command.options).flatMap((option) => option.match(/--[\w-]+/g) ?? [])
    expect(shown.toSorted()).toEqual(taken.toSorted())
    const { code, output } = await run([name, '--help'])
    expect(code).toBe(0)
    expect(output).toContain(command.example)
    for (const option of taken) expect(output).toContain(option)
  })

  test('--version, --help and help name all commands and exit codes', async () => {
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
    expect(await run(['--version'])).toEqual({ code: 0, output: `${version}\n`, errors: '' })
    expect((await run(['version'])).output).toBe(`${version}\n`)
    const [long, short] = await Promise.all([run(['--help']), run(['help'])])
    expect(short).toEqual(long)
    for (const name of Object.keys(COMMANDS)) expect(long.output).toContain(`  ${name} `)
    expect(long.output).toMatch(/Exit codes:\n +0 .*\n +1 .*\n +70 /)
  })

  test.each([
    [['serv'], 'unknown command "serv", did you mean serve?'],
    [['frobnicate'], 'unknown command "frobnicate"; there are serve, '],
    [['--prt', '9'], 'unknown option --prt, did you mean --port?'],
    [['check', '--frobnicate'], 'unknown option --frobnicate (options: --config, --json)'],
    [['serve', 'other.yaml'], 'unexpected argument "other.yaml"'],
    [['serve', '9000'], 'unexpected argument "9000", did you mean --port 9000?'],
    [['--verison'], 'unknown option --verison, did you mean --version?'],
    [['keys', 'alice'], 'a key for alice is made by balanced-call keys create alice'],
    [['keys', 'creat', 'alice'], '"creat" is nothing that keys can do, did you mean create?'],
    [['keys', 'create', '--name', 'bob'], 'the name stands by itself: balanced-call keys create NAME'],
    [['provider-keys', 'add', 'openai', 'sk-123'], 'send it by standard input, or name a variable with --from-env'],
    [['plan', 'a.csv', 'b.csv'], 'unexpected argument "b.csv"'],
    [['check', 'a.yaml', 'b.yaml'], 'unexpected argument "b.yaml"'],
    [['convert', '--to', 'x'], '"x" is not PROVIDER/MODEL'],
    [['serve', '--port'], "Option '--port <value>' argument missing"],
    [['serve', '--port', 'x'], '"x" is not a port: use a whole number from 0 to 65535'],
  ])('%j is refused in one line, with the nearest word', async (args, words) => {
    const { code, output, errors } = await run(args)
    expect({ code, output }).toEqual({ code: 1, output: '' })
    expect(errors).toContain(words)
    expect(errors.trim().split('\n')).toHaveLength(1)
  })
})

const SOON = { timeout: 20_000, interval: 20 }

async function ask(address: string): Promise<void> {
  const headers = { 'content-type': 'application/json' }
  const answer = await fetch(`${address}/v1/chat/completions`, { method: 'POST', headers, body: JSON.stringify(HELLO) })
  expect(answer.status).toBe(200)
  await answer.text()
}

/** The server on a pseudo-terminal of its own. */
function onTerminal() {
  const { PATH } = process.env
  const command = `echo pid $$; exec '${process.execPath}' '${MAIN}' --port 0`
  const child = spawn('script', ['-qec', command, '/dev/null'], { env: { PATH, TERM: 'xterm' }, stdio: 'pipe' })
  let raw = ''
  child.stdout.on('data', (piece) => (raw += String(piece)))
  const screen = (): string => stripVTControlCharacters(raw).replaceAll('\r', '')
  return {
    screen,
    code: new Promise<number | null>((resolve) => child.once('close', resolve)),
    async until(words: RegExp): Promise<string> {
      await expect.poll(screen, SOON).toMatch(words)
      return words.exec(screen())?.[1] ?? ''
    },
    stop: () => process.kill(Number(/pid (\d+)/.exec(raw)?.[1]), 'SIGTERM'),
  }
}
