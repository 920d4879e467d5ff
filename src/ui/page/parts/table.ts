/** Rows under their columns' names; what is wider than the page is scrolled in itself. */
import { html } from 'htm/preact'
import type { VNode } from 'preact'

/** A name, and how the column looks: `num` to the right, `wide` with room, `hidden` told to screen readers alone. */
export type Column = string | readonly [name: string, looks: 'num' | 'wide' | 'hidden']

export function Table({ columns, rows, is }: { columns: Column[]; rows: (VNode | VNode[])[]; is?: string }) {
  return html`<div class="scroll" tabindex="0">
    <table class=${is}>
      <thead>
        <tr>
          ${columns.map((column) => html`<${Head} column=${column} />`)}
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </div>`
}

function Head({ column }: { column: Column }) {
  const [name, looks] = typeof column === 'string' ? [column] : column
  if (looks === 'hidden') return html`<th scope="col"><span class="hidden">${name}</span></th>`
  return html`<th scope="col" class=${looks}>${name}</th>`
}
