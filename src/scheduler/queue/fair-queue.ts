/** Who waits, in the order of who is due: weighted fair between clients, first come first served inside one. */
import type { Client } from '../topology/clients.ts'
import { Heap } from '../structures/heap.ts'
import type { Placed } from '../structures/heap.ts'
import type { Waiting } from './waiting.ts'

/** One client's requests in one queue. Start-time fair queueing: `tag` is the start of its next turn. */
export interface Line extends Placed {
  readonly client: Client
  tag: number
  /** Of two that are due at once, who has waited for longer: lines are numbered as they begin to wait. */
  order: number
  items: Waiting[]
  /** Those of `items` that are still waiting. */
  size: number
}

/** Idle clients are remembered up to this many; after that those whose memory says nothing are dropped. */
const IDLE_LINES = 1000

export class FairQueue {
  size = 0
  private virtual = 0
  private begun = 0
  private readonly lines = new Map<Client, Line>()
  private readonly active = new Heap<Line>((a, b) => a.tag < b.tag || (a.tag === b.tag && a.order < b.order))
  private readonly deadlines = new Heap<Waiting>((a, b) => a.deadline < b.deadline)

  /** Joins its client's line in the order of first arrival: a retry keeps its place, and so does who was sent away. */
  push(item: Waiting): void {
    const line = this.lineOf(item.client)
    let place = line.items.length
    while (place > 0 && (line.items[place - 1]?.since ?? 0) > item.since) place--
    line.items.splice(place, 0, item)
    line.size++
    this.size++
    this.deadlines.push(item)
    if (line.place < 0) {
      line.tag = Math.max(line.tag, this.virtual)
      line.order = this.begun++
      this.active.push(line)
    }
  }

  /** Takes a request out, served or not. */
  remove(item: Waiting): void {
    if (item.gone) return
    item.gone = true
    this.deadlines.remove(item)
    this.size--
    const line = this.lineOf(item.client)
    line.size--
    if (line.size === 0) {
      line.items = []
      this.active.remove(line)
    } else if (line.items[0] === item)
      line.items.splice(
        0,
        line.items.findIndex(({ gone }) => !gone),
      )
    else if (line.items.length > 2 * line.size + 16) line.items = line.items.filter(({ gone }) => !gone)
  }

  /** A client got a request served, from the queue or past an empty one. */
  served(client: Client): void {
    const line = this.lineOf(client)
    const start = Math.max(line.tag, line.place < 0 ? this.virtual : 0)
    this.virtual = Math.max(this.virtual, start)
    line.tag = start + 1 / client.weight
    if (line.place >= 0) this.active.fix(line)
  }

  /** Clients with somebody waiting, the one that is due first. */
  inOrder(): Generator<Line> {
    return this.active.inOrder()
  }

  activeLines(): readonly Line[] {
    return this.active.values()
  }

  lineSize(client: Client): number {
    return this.lines.get(client)?.size ?? 0
  }

  /** The one whose patience ends first. */
  soonest(): Waiting | undefined {
    return this.deadlines.first()
  }

  /** Everybody, in no order; a copy. */
  everybody(): Waiting[] {
    return this.deadlines.values().slice()
  }

  longest(): Line | undefined {
    let longest: Line | undefined
    for (const line of this.active.values()) if (!longest || line.size > longest.size) longest = line
    return longest
  }

  /** How many would be served before a request that joins now, if all cost the same. */
  ahead(client: Client): number {
    const own = this.lineSize(client)
    let ahead = own
    for (const line of this.active.values()) {
      if (line.client !== client) ahead += Math.min(line.size, ((own + 1) * line.client.weight) / client.weight)
    }
    return ahead
  }

  private lineOf(client: Client): Line {
    let line = this.lines.get(client)
    if (!line) {
      if (this.lines.size >= IDLE_LINES) this.forget()
      line = { client, tag: this.virtual, order: 0, items: [], size: 0, place: -1 }
      this.lines.set(client, line)
    }
    return line
  }

  /** A line with nobody in it and a tag in the past is as good as none. */
  private forget(): void {
    for (const [client, line] of this.lines) if (line.size === 0 && line.tag <= this.virtual) this.lines.delete(client)
  }
}
