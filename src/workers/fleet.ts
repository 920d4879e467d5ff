/** The worker processes: as many as were asked for, replaced when they die, exchanged one generation for the next. */
import cluster, { type Worker } from 'node:cluster'
import type { Counts } from '../observability/metrics.ts'
import type { Administration, ManagedClient } from '../runtime/administration.ts'
import type { Reloads } from '../runtime/reloads.ts'
import type { Scheduler } from '../scheduler/types.ts'
import type { ToOwner, ToWorker } from './messages.ts'
import { createMessageBatch } from './message-batch.ts'
import { createWorkerSession } from './worker-session.ts'

export interface FleetParts {
  /** What the workers' command line says. */
  args: string[]
  scheduler: () => Scheduler
  /** Counters of several processes as one page. */
  text: (each: Iterable<Counts>, workers: number) => Promise<string>
  empty: () => Counts
  reloads: Reloads
  administration: Administration
  /** Those whose keys are managed at run time. */
  clients: () => readonly ManagedClient[]
  /** Adds the second to the first. */
  add: (to: Counts, more: Counts) => void
  log: { error(fields: object, text: string): void; warn(fields: object, text: string): void; info(text: string): void }
}

export interface Fleet {
  /**
   * Starts workers until that many serve the configuration, with these variables beside their own, then retires those that served before. Rejects
   * when one ends before it serves, and then those go on.
   */
  renew(count: number, configuration: string, environment: Record<string, string>): Promise<string>
  /** Clients have changed; resolves when every worker that serves knows of it, or is too busy to say so. */
  tell(changed: readonly ManagedClient[]): Promise<void>
  stop(): Promise<void>
}

/** Milliseconds before a dead worker's place is filled: doubled for each that did not live for long. */
const PAUSE = 100
const LONGEST_PAUSE = 30_000
const LONG = 10_000
/** Milliseconds that the page of counters waits for a worker that is busy, and that a change of clients does. */
const COUNTING = 1000
const HEARING = 2000

interface Member {
  worker: Worker
  generation: number
  isReady: boolean
  isLeaving: boolean
  send(message: ToWorker): void
  counted: (() => void)[]
  /** By the number of what it was told. */
  heard: Map<number, () => void>
}

export function createFleet(parts: FleetParts): Fleet {
  const { args, scheduler, text, empty, add, reloads, administration, clients, log } = parts
  const members = new Set<Member>()
  const counts = new Map<Member, Counts>()
  /** What those have counted that are gone, so that no counter goes back. */
  const past = empty()
  let generation = 0
  let configuration = ''
  let variables: Record<string, string> = {}
  let isStopping = false
  let deaths = 0
  let told = 0
  // Workers accept by themselves from one shared socket: a connection that the primary had handed to a worker which dies
  // in that moment would hang for ever. The first call of setupPrimary freezes the policy.
  cluster.schedulingPolicy = cluster.SCHED_NONE
  cluster.setupPrimary({ serialization: 'advanced', args })

  async function page(): Promise<string> {
    const living = [...members].filter(({ isReady }) => isReady)
    await Promise.all(
      living.map(
        (member) =>
          new Promise<void>((resolve) => {
            const timer = setTimeout(resolve, COUNTING)
            member.counted.push(() => {
              clearTimeout(timer)
              resolve()
            })
            member.send(['count'])
          }),
      ),
    )
    return text([past, ...counts.values()], [...members].filter(({ isReady }) => isReady).length)
  }

  function start(): Promise<string> {
    const born = performance.now()
    const worker = cluster.fork(variables)
    const outbox = createMessageBatch<ToWorker>((messages) => {
      if (worker.isConnected()) worker.send(messages, () => {})
    })
    const member: Member = {
      worker,
      generation,
      isReady: false,
      isLeaving: false,
      send: (message) => outbox.put(message),
      counted: [],
      heard: new Map(),
    }
    members.add(member)
    return new Promise((resolve, reject) => {
      const session = createWorkerSession({
        scheduler,
        page,
        reloads,
        administration,
        clients,
        heard: (number) => member.heard.get(number)?.(),
        configuration,
        send: member.send,
        failed: (err) => log.error({ err }, 'the scheduler failed on a request of a worker'),
        counted(told) {
          counts.set(member, told)
          for (const done of member.counted.splice(0)) done()
        },
        ready(address) {
          member.isReady = true
          resolve(address)
        },
      })
      worker.on('message', (messages: ToOwner[]) => {
        for (const message of messages) session.hear(message)
      })
      // nothing that it has said comes after this; its exit may be heard before its last words
      worker.once('disconnect', () => {
        session.close()
        const told = counts.get(member)
        if (told) add(past, told)
        counts.delete(member)
      })
      worker.once('exit', (code, signal) => {
        members.delete(member)
        for (const done of [...member.counted.splice(0), ...member.heard.values()]) done()
        reject(new Error(`a worker ended with ${signal ?? code} before it served`))
        if (isStopping || member.isLeaving || !member.isReady) return
        deaths = performance.now() - born > LONG ? 0 : deaths + 1
        replace(`a worker died (${signal ?? code}); another takes its place`)
      })
    })
  }

  function replace(why: string): void {
    const pause = deaths <= 1 ? 0 : Math.min(LONGEST_PAUSE, PAUSE * 2 ** (deaths - 2))
    log.warn({ pause }, why)
    const of = generation
    setTimeout(() => {
      if (isStopping || of !== generation) return
      start().catch((error: Error) => {
        deaths++
        if (!isStopping) replace(error.message)
      })
    }, pause)
  }

  return {
    async renew(count, served, environment) {
      generation++
      const previous = { configuration, variables }
      configuration = served
      variables = environment
      const before = [...members]
      const started = Array.from({ length: count }, start)
      const outcomes = await Promise.allSettled(started)
      const failed = outcomes.find((outcome) => outcome.status === 'rejected')
      const leaving = failed ? [...members].filter((member) => !before.includes(member)) : before
      for (const member of leaving) {
        member.isLeaving = true
        member.send(['retire'])
      }
      if (failed) {
        ;({ configuration, variables } = previous)
        throw failed.reason
      }
      return (await started[0]) ?? ''
    },
    async tell(changed) {
      const number = ++told
      const hears = (member: Member): Promise<void> =>
        new Promise((resolve) => {
          const done = (): void => {
            clearTimeout(timer)
            member.heard.delete(number)
            resolve()
          }
          const timer = setTimeout(done, HEARING)
          if (member.isReady) member.heard.set(number, done)
          // one that starts asks for all of them, before or after it reads this
          else done()
          member.send(['clients', number, changed])
        })
      await Promise.all([...members].map(hears))
    },
    async stop() {
      isStopping = true
      const gone = [...members].map(({ worker }) => new Promise((resolve) => worker.once('exit', resolve)))
      for (const member of members) member.send(['stop'])
      await Promise.all(gone)
    },
  }
}
