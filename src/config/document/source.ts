/** One YAML or JSON file: its text, and where each value stands in it. */
import type { Document, LineCounter } from 'yaml'

export interface Source {
  /** As given, for messages. */
  file: string
  text: string
  readonly document: Document
  readonly lines: LineCounter
  /** Plain data: aliases copied, no shared parts. */
  value: unknown
}
