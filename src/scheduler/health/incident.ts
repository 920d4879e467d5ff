/**
 * Where every key is refused within seconds, it is not the keys: the provider, its model, the way to it or our address
 * is. Then nothing is held against the keys, and one request at a time tries whether it is over.
 */
import type { ErrorKind } from '../../chat/error.ts'

/** Refusals further apart than this, in milliseconds, tell nothing together; credentials are asked for as long as a minute. */
const WITHIN = 10_000
const WITHIN_DEAD = 60_000
/** So many keys make it certain, and fewer where there are fewer. */
const FEWEST = 3
const ENOUGH = 5
const FIRST_PAUSE = 1000
const LONGEST_PAUSE = 10_000
const SHORTEST_PAUSE = 250
/** Refusals come quickly: a try that is not refused within this was let in. A server that is ill is given longer. */
export const SILENCE = 1500
const SILENCE_ILL = 5000

/** An incident that was over so soon was none. Milliseconds. */
const BRIEF = 5000
const LONGEST_BRIEF = 60_000

/** What a fault blames, as in the catalogue of errors. */
export type Trouble = 'limit' | 'dead' | 'ill'

interface Mark {
  owner: object
  at: number
  sent: number
  origin: string | object
  /** Takes back what the refusal did to the key. */
  undo: () => void
}

export interface Incident {
  /** Refusals since the last good answer. */
  recent: Mark[]
  open: boolean
  trouble: Trouble
  /** Of the last refusal, for those who are told. */
  kind: ErrorKind
  since: number
  /** The next request may try from then on. */
  until: number
  /** When the one that tries now left. */
  triedAt: number
  tries: number
  /** When the youngest request left that was let in, and how many incidents ended at once: limits that were met together. */
  goodSent: number
  brief: number
}

export function createIncident(): Incident {
  return {
    recent: [],
    open: false,
    trouble: 'ill',
    kind: 'overloaded',
    since: 0,
    until: 0,
    triedAt: -Infinity,
    tries: 0,
    goodSent: -Infinity,
    brief: 0,
  }
}

/** Milliseconds until a request may go. */
export function incidentWait(incident: Incident, now: number): number {
  if (!incident.open) return 0
  const silence = incident.trouble === 'ill' ? SILENCE_ILL : SILENCE
  return Math.max(0, incident.until - now, incident.triedAt + silence - now)
}

/** A request leaves: while the incident lasts, it is the one that tries. One before it that nobody refused was let in. */
export function beginTry(incident: Incident, now: number): void {
  if (!incident.open) return
  if (incident.trouble !== 'ill' && incident.triedAt > -Infinity) return endIncident(incident)
  incident.triedAt = now
}

function endIncident(incident: Incident): void {
  incident.open = false
  incident.recent = []
  incident.tries = 0
  incident.triedAt = -Infinity
}

/** A good answer to a request that was sent at `sent`. Returns whether it ended the incident. */
export function noteAnswer(incident: Incident, sent: number, now: number): boolean {
  incident.goodSent = Math.max(incident.goodSent, sent)
  const [first] = incident.recent
  if (!incident.open) {
    if (first && sent > first.sent) incident.recent = []
    return false
  }
  if (sent <= incident.since) return false
  if (incident.trouble === 'limit') incident.brief = now - incident.since < BRIEF ? incident.brief + 1 : 0
  endIncident(incident)
  return true
}

export interface Fault {
  /** The account of the key that was refused, or the key where it names none; and how many such the provider has. */
  owner: object
  owners: number
  trouble: Trouble
  kind: ErrorKind
  sent: number
  /** The request that was refused, the same for all its tries. */
  origin: string | object
  /** Milliseconds to wait, as the provider said. */
  told: number | undefined
  undo: () => void
}

/** Notes a refusal that has just left its mark on the key. Returns whether an incident is open, and the mark taken back. */
export function noteFault(incident: Incident, fault: Fault, now: number, longest = LONGEST_PAUSE): boolean {
  const { owner, owners, trouble, kind, sent, origin, undo, told } = fault
  if (incident.open) {
    undo()
    incident.kind = kind
    if (sent >= incident.triedAt && sent > incident.since) pause(incident, told, now, longest)
    return true
  }
  const within = trouble === 'dead' ? WITHIN_DEAD : WITHIN
  incident.recent = incident.recent.filter(({ at }) => now - at <= within)
  incident.recent.push({ owner, at: now, sent, origin, undo })
  const distinct = new Set(incident.recent.map((mark) => mark.owner))
  if (distinct.size < needed(owners, trouble)) return false
  if (trouble === 'limit' && now - incident.goodSent < silenceOf(incident)) return false
  // What may be about one request is not the provider's trouble, however many keys that request has tried.
  if (kind === 'permission' && incident.recent.every((mark) => mark.origin === origin)) return false
  for (const mark of incident.recent.toReversed()) mark.undo()
  Object.assign(incident, { open: true, trouble, kind, since: now, recent: [], tries: 0 })
  pause(incident, told, now, longest)
  return true
}

/** Where keys that were refused together turned out to be well, nobody may have been let in for ever longer. */
function silenceOf({ brief }: Incident): number {
  return brief === 0 ? 0 : Math.min(LONGEST_BRIEF, 1000 * 2 ** brief)
}

function pause(incident: Incident, told: number | undefined, now: number, longest: number): void {
  const usual = Math.min(longest, LONGEST_PAUSE, FIRST_PAUSE * 2 ** incident.tries++)
  incident.until = now + Math.max(SHORTEST_PAUSE, Math.min(usual, told ?? Infinity))
  incident.triedAt = -Infinity
}

/** Refused credentials are first of all the key's own fault, so that it takes half of all keys to doubt the provider. */
function needed(owners: number, trouble: Trouble): number {
  // Of a key that is alone, its own rest and its breaker say the same.
  if (owners === 1) return trouble === 'dead' ? 1 : Infinity
  const half = Math.ceil(owners / 2)
  return Math.min(owners, Math.max(FEWEST, trouble === 'dead' ? half : Math.min(ENOUGH, half)))
}

/** For people. */
export function incidentReason({ trouble }: Incident): string {
  if (trouble === 'dead') return 'credentials refused for most keys within a minute; one request at a time tries again'
  const what = trouble === 'limit' ? 'were refused' : 'met with faults'
  return `several keys ${what} within seconds; one request at a time tries again`
}
