/** What can happen to replicas and the server that they share, done on purpose. */
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import type { Fleet } from '../replicas/fleet.ts'
import { startRedis, type RedisServer } from '../replicas/redis-server.ts'
import type { Line } from './line.ts'

export const FAULTS = [
  'pause',
  'stop',
  'cut',
  'full',
  'password',
  'functions',
  'restart',
  'failover',
  'lose',
  'kill',
] as const
export type Fault = (typeof FAULTS)[number]

/** In words. */
export const WHAT: Record<Fault, string> = {
  pause: 'the server pauses for 2 s (CLIENT PAUSE)',
  stop: 'the server stands still for 2 s (SIGSTOP)',
  cut: 'one replica is cut off from it for 2 s',
  full: 'its memory is full for 2 s',
  password: 'its password is another for 2 s',
  functions: 'it forgets its functions',
  restart: 'it is killed, and started again with its data',
  failover: 'another takes its place that lacks the last 0.5 s',
  lose: 'it is killed, and started again without data',
  kill: 'a replica is killed',
}

export interface World {
  server: RedisServer
  /** Replicas' ways to it. */
  lines: readonly Line[]
  fleet: Fleet
}

/** Milliseconds that most of them last. */
const LASTS = 2000

/** Done when it is over. */
export async function strike(fault: Fault, world: World): Promise<void> {
  const { server, lines, fleet } = world
  switch (fault) {
    case 'kill':
      return fleet.kill(fleet.addresses.length - 1)
    case 'pause':
      return void (await server.command('CLIENT', 'PAUSE', String(LASTS), 'ALL'))
    case 'stop':
      server.process.kill('SIGSTOP')
      await sleep(LASTS)
      return void server.process.kill('SIGCONT')
    case 'cut':
      lines[0]?.cut()
      await sleep(LASTS)
      return lines[0]?.mend()
    case 'full':
      await server.command('CONFIG', 'SET', 'maxmemory-policy', 'noeviction', 'maxmemory', '1')
      await sleep(LASTS)
      return void (await server.command('CONFIG', 'SET', 'maxmemory', '0'))
    case 'password': {
      const operator = new Redis(server.url)
      await operator.config('SET', 'requirepass', 'rotated')
      for (const type of ['normal', 'pubsub']) await operator.call('CLIENT', 'KILL', 'TYPE', type, 'SKIPME', 'yes')
      await sleep(LASTS)
      await operator.config('SET', 'requirepass', '')
      return operator.disconnect()
    }
    case 'functions':
      return void (await server.command('FUNCTION', 'FLUSH', 'SYNC'))
    case 'restart':
      await server.kill()
      await sleep(500)
      return server.start()
    case 'failover':
      world.server = await failover(server, lines)
      return
    case 'lose':
      await server.kill()
      await server.forget()
      await sleep(500)
      return server.start()
  }
}

/** A copy that follows it until half a second before it dies. */
async function failover(server: RedisServer, lines: readonly Line[]): Promise<RedisServer> {
  const next = await startRedis(['--appendonly', 'yes', '--appendfsync', 'always'])
  await next.command('REPLICAOF', '127.0.0.1', String(server.port))
  while (!String(await next.command('INFO', 'replication')).includes('master_link_status:up')) await sleep(20)
  await next.command('REPLICAOF', 'NO', 'ONE')
  await sleep(500)
  await server.close()
  for (const line of lines) line.lead(next.port)
  return next
}
