/** Hears at once what others have changed, by a connection of its own, and looks by itself for what it may have missed. */
import type { Socket } from 'node:net'
import type { Client } from 'pg'
import { connectionTo, cut, ended, type DatabaseAddress } from './connections.ts'

export interface Listener {
  close(): Promise<void>
}

export interface ListenerParts {
  address: DatabaseAddress
  /** Looks for changes. Rejects where the server does not answer. */
  look: () => Promise<void>
  /** Hears when the server stops answering, and when it answers again. */
  changed: (fault: unknown) => void
  /** Milliseconds between two looks, and between two tries to listen. */
  every: number
}

/** @returns one that has not connected yet: who listens is told, and never fails */
export function listenTo({ address, look, changed, every }: ListenerParts): Listener {
  const sockets = new Set<Socket>()
  let client: Client | undefined
  let timer: NodeJS.Timeout | undefined
  let isOver = false
  let isAway = false

  function told(fault?: unknown): void {
    if (isOver || isAway === (fault !== undefined)) return
    isAway = fault !== undefined
    changed(fault)
  }

  async function listen(): Promise<void> {
    const { default: pg } = await import('pg')
    const next = new pg.Client(connectionTo(address, sockets))
    const lost = (): void => {
      if (client === next) client = undefined
      next.end().catch(() => {})
    }
    next.on('error', lost)
    next.on('end', lost)
    next.on('notification', () => void look().catch(() => {}))
    try {
      await next.connect()
      await next.query(`LISTEN "${address.schema}"`)
    } catch (error) {
      lost()
      throw error
    }
    if (isOver) return lost()
    client = next
  }

  async function turn(): Promise<void> {
    try {
      if (!client) await listen()
      await look()
      told()
    } catch (error) {
      // a connection that nothing comes through any longer may still look whole from here
      cut(sockets)
      told(error)
    }
    if (!isOver) timer = setTimeout(() => (turning = turn()), every).unref()
  }

  let turning = turn()
  return {
    async close() {
      isOver = true
      clearTimeout(timer)
      await ended(Promise.all([turning, client?.end()]), sockets)
    },
  }
}
