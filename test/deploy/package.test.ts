/** The package as npm packs it: installed into an empty folder it starts, answers and stops. */
import { execFile, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, expect, it } from 'vitest'
import { greeted } from '../scheduler-http/command-line.ts'

/** An entry of what npm tells, in a list or by the package's name. */
interface Packed {
  filename: string
  files: { path: string }[]
}

const ROOT = path.join(import.meta.dirname, '../..')
const execute = promisify(execFile)
const folder = mkdtempSync(path.join(tmpdir(), 'balanced-call-package-'))
afterAll(() => rmSync(folder, { recursive: true }))

it('is packed, installed, started and called', { timeout: 280_000 }, async () => {
  const { stdout } = await execute('npm', ['pack', '--json', '--pack-destination', folder], {
    cwd: ROOT,
    maxBuffer: 1e8,
  })
  const packed = Object.values(JSON.parse(stdout.slice(stdout.search(/^[[{]/m))) as Record<string, Packed>)
  const [{ filename, files } = { filename: '', files: [] }] = packed
  expect(
    files.filter(
      ({ path: file }) => !/^(dist\/|scripts\/|providers\.yaml$|package\.json$|README\.md$|LICENSE$)/.test(file),
    ),
  ).toEqual([])
  const empty = path.join(folder, 'empty')
  await execute('mkdir', [empty])
  writeFileSync(path.join(empty, 'package.json'), '{"private":true}')
  const install = ['install', '--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline']
  await execute('npm', [...install, path.join(folder, filename)], { cwd: empty })
  const command = path.join(empty, 'node_modules/.bin/balanced-call')
  const child = spawn(process.execPath, [command, 'serve', '--port', '0'], {
    cwd: empty,
    env: { PATH: process.env['PATH'] },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  try {
    const url = await greeted(child)
    const answer = await fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'fast', messages: [{ role: 'user', content: 'Hello' }] }),
    })
    expect(await answer.json()).toMatchObject({ object: 'chat.completion', model: 'fast' })
    const page = await (await fetch(`${url}/metrics`)).text()
    expect(page).toContain('balanced_call_requests_total{model="fast"')
    const ui = await (await fetch(`${url}/ui`)).text()
    for (const file of ['/ui/main.js', '/ui/views/pool/pool.js', '/ui/style.css', '/ui/library/uplot.mjs']) {
      const served = await fetch(`${url}${file}`)
      expect([file, served.status, ui.includes('src="/ui/main.js"')]).toEqual([file, 200, true])
      await served.text()
    }
    const ended = once(child, 'exit')
    child.kill('SIGTERM')
    expect((await ended)[0]).toBe(0)
  } finally {
    child.kill('SIGKILL')
  }
})
