/** What a client asked, what the vendor got for it and what came back, beside each other; of clients whose texts are kept. */
import { html } from 'htm/preact'
import type { RecordedBodies } from '../../../../api/console/page-answers.ts'
import { field, readJson } from '../../api.ts'
import { t } from '../../text.ts'

export function KeptBodies({ bodies }: { bodies: RecordedBodies | undefined }) {
  if (!bodies) return html`<p class="note">${t('requests.bodies.none')}</p>`
  const { request, sent, answer } = bodies
  return html`<div class="bodies">
    <${Part} title=${t('requests.bodies.request')} text=${indented(request)} />
    <${Part}
      title=${t('requests.bodies.sent')}
      text=${sent === undefined ? t('requests.bodies.nothing') : indented(sent)}
    />
    <${Part}
      title=${t('requests.bodies.answer')}
      text=${answer === undefined ? t('requests.bodies.nothing') : answerText(answer)}
    />
  </div>`
}

function Part({ title, text }: { title: string; text: string }) {
  return html`<section class="card" aria-label=${title}>
    <h2>${title}</h2>
    <pre tabindex="0">${text}</pre>
  </section>`
}

/** One that was cut is no JSON. */
function indented(text: string): string {
  const read = readJson(text)
  return read === undefined ? text : JSON.stringify(read, null, 2)
}

/** A text as it reads; what else came with it as JSON. */
function answerText(answer: string): string {
  const read = readJson(answer)
  const [thought, text, calls] = ['reasoning', 'text', 'tool_calls'].map((name) => field(read, name))
  if (typeof text !== 'string' && typeof thought !== 'string') return indented(answer)
  const parts = [
    typeof thought === 'string' ? `${t('play.thinking')}:\n${thought}` : '',
    typeof text === 'string' ? text : '',
    calls === undefined ? '' : JSON.stringify(calls, null, 2),
  ]
  return parts.filter((part) => part !== '').join('\n\n')
}
