/** Which changes of files are read: each once, whoever asks first, and none is lost that comes while one is read. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { reloadByItself, type FileWatch } from '../../src/cli/serving/reload-causes.ts'
import type { Reloader, ReloadListener } from '../../src/cli/serving/reload.ts'

const looks = new Map<string, () => void>()
const watch: FileWatch = {
  watchFile: (file, _options, look) => looks.set(file, look),
  unwatchFile: (file) => looks.delete(file),
}

let folder: string
let named: string[]
let causes: string[]
let tell: ReloadListener
let served: PromiseWithResolvers<void>
let stop: () => void
const file = (name: string): string => join(folder, name)

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  folder = mkdtempSync(join(tmpdir(), 'causes-'))
  writeFileSync(file('a.yaml'), 'first')
  named = [file('a.yaml')]
  causes = []
  served = Promise.withResolvers()
  served.resolve()
  const reload = async (by = 'asked to') => {
    causes.push(by)
    tell('begins')
    await served.promise
    tell('ends')
    return { loaded: '' }
  }
  const reloader: Reloader = {
    state: () => ({ loaded: '' }),
    reload,
    files: () => named,
    onReload: (heard) => void (tell = heard),
    end: () => Promise.resolve(),
  }
  stop = reloadByItself(reloader, true, [], watch)
  ask = reload
})
afterEach(() => {
  stop()
  vi.useRealTimers()
  rmSync(folder, { recursive: true })
})
let ask: () => Promise<object>

async function changed(name: string, text: string): Promise<void> {
  writeFileSync(file(name), text)
  looks.get(file(name))?.()
  await vi.advanceTimersByTimeAsync(1000)
}

test('one that was read by another cause is not read again', async () => {
  writeFileSync(file('a.yaml'), 'second')
  await ask()
  looks.get(file('a.yaml'))?.()
  await vi.advanceTimersByTimeAsync(1000)
  expect(causes).toEqual(['asked to'])
  await changed('a.yaml', 'third')
  expect(causes).toEqual(['asked to', 'a file changed'])
})

test('one that comes while another is read is read as well', async () => {
  served = Promise.withResolvers()
  await changed('a.yaml', 'second')
  writeFileSync(file('a.yaml'), 'third')
  served.resolve()
  await served.promise
  await vi.advanceTimersByTimeAsync(0)
  looks.get(file('a.yaml'))?.()
  await vi.advanceTimersByTimeAsync(1000)
  expect(causes).toEqual(['a file changed', 'a file changed'])
})

test('files that are named from now on are watched, whoever asked', async () => {
  writeFileSync(file('b.yaml'), 'x')
  named = [file('b.yaml')]
  await ask()
  expect([...looks.keys()]).toEqual(named)
  await changed('b.yaml', 'x')
  expect(causes).toEqual(['asked to'])
  await changed('b.yaml', 'y')
  expect(causes).toEqual(['asked to', 'a file changed'])
})
