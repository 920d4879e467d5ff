/** A whole gateway on a port of its own, with the time and the memory that a test gives it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createApp, type App, type AppOptions } from '../../src/app/app.ts'
import type { RequestRecord } from '../../src/gateway/request-record.ts'
import { loadConfig } from '../../src/config/load.ts'
import type { SchedulerReport } from '../../src/scheduler/types.ts'

export interface TestGateway {
  /** `http://127.0.0.1:PORT` */
  url: string
  app: App
  /** What was logged of each request, in the order of their ends. */
  records: RequestRecord[]
  ask(body?: Record<string, unknown>, headers?: Record<string, string>, signal?: AbortSignal): Promise<Response>
  report(): Promise<SchedulerReport>
  close(): Promise<void>
}

/** A short chat; `model` is `fast` unless the body names another. */
export async function startGateway(
  config: Record<string, unknown>,
  options: Omit<AppOptions, 'level' | 'write'> = {},
): Promise<TestGateway> {
  const folder = mkdtempSync(join(tmpdir(), 'balanced-call-'))
  const file = join(folder, 'providers.yaml')
  writeFileSync(file, JSON.stringify(config))
  const records: RequestRecord[] = []
  const write = (line: string): void => {
    const entry = JSON.parse(line) as RequestRecord & { msg?: string }
    if (entry.msg === 'chat') records.push(entry)
  }
  const app = await createApp(loadConfig(file, {}), { ...options, level: 'info', write })
  const url = await app.server.listen({ port: 0, host: '127.0.0.1' })
  return {
    url,
    app,
    records,
    ask: (body = {}, headers = {}, signal) =>
      fetch(`${url}/v1/chat/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify({ model: 'fast', messages: [{ role: 'user', content: 'Hello' }], ...body }),
        signal,
      }),
    report: async () => (await fetch(`${url}/v1/scheduler`)).json() as Promise<SchedulerReport>,
    async close() {
      await app.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Units used, by limit, over all scopes that have it. */
export function used({ scopes }: SchedulerReport, limit: string): number {
  return scopes.filter((each) => each.limit === limit).reduce((sum, { amount, level }) => sum + amount - level, 0)
}
