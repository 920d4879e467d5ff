/** What workers are told to serve: the file may say something else by now, and no server need be there that keeps keys. */
import type { Config } from '../../config/config.ts'

export type WorkerConfiguration = Pick<Config, 'text' | 'added'>

export function tellConfiguration({ text, added }: WorkerConfiguration): string {
  return JSON.stringify({ text, added } satisfies WorkerConfiguration)
}

export function hearConfiguration(told: string): WorkerConfiguration {
  return JSON.parse(told) as WorkerConfiguration
}
