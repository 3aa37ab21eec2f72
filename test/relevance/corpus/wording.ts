// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { Attributes, AttributeValue, Call, CallEvent, Site } from './call'
import { chance, hex, integer, type Random } from './random'

/** One way in which a failure shows in a span. Texts may have placeholders such as `{host}`. */
export interface Wording {
  exception?: { type: string; message: string }
  events?: CallEvent[]
  attributes?: Attributes
  status?: string
  /** Where alone it can be read. Default: wherever the fault strikes. */
  sites?: Site[]
}

const STACK_FRAMES = [
  'Client.execute(Client:88)',
  'Retry.run(Retry:41)',
  'Handler.handle(Handler:19)',
]

/** Writes onto a call how it failed, and returns what its callers hear of it. */
export function speak(wording: Wording, call: Call, random: Random): string {
  const fill = (text: string) => fillPlaceholders(text, call, random)
  Object.assign(call.attributes, fillAttributes(wording.attributes ?? {}, fill))
  for (const event of wording.events ?? []) {
    call.events.push({ name: event.name, attributes: fillAttributes(event.attributes, fill) })
  }
  if (wording.exception === undefined) return fill(wording.status ?? '')
  const message = fill(wording.exception.message)
  call.events.push(exceptionEvent(wording.exception.type, message, call, random))
  return wording.status === undefined ? message : fill(wording.status)
}

/** As `recordException` writes it; not every SDK gives the stack. */
export function exceptionEvent(
  type: string,
  message: string,
  call: Call,
  random: Random,
): CallEvent {
  const attributes: Attributes = { 'exception.type': type, 'exception.message': message }
  if (chance(random, 0.5)) {
    const frames = STACK_FRAMES.map((frame) => `    at ${call.service}.${frame}`)
    attributes['exception.stacktrace'] = [`${type}: ${message}`, ...frames].join('\n')
  }
  return { name: 'exception', attributes }
}

function fillAttributes(attributes: Attributes, fill: (text: string) => string): Attributes {
  const filled = Object.entries(attributes).map(([key, value]): [string, AttributeValue] => {
    if (typeof value !== 'string') return [key, value]
    const text = fill(value)
    const isNumber = value === '{n}' || value === '{ms}'
    return [key, isNumber ? Number(text) : text]
  })
  return Object.fromEntries(filled)
}

function fillPlaceholders(text: string, call: Call, random: Random): string {
  return text.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    switch (name) {
      case 'n':
        return String(integer(random, 3, 90_000))
      case 'ms':
        return String(integer(random, 3, 60) * 1000)
      case 'id':
        return hex(random, 8)
      case 'service':
        return call.service
      case 'host':
        return String(call.attributes['server.address'] ?? call.attributes['net.peer.name'])
      case 'table':
        return call.name.split(' ').at(-1) ?? ''
      default:
        throw new Error(`a wording has the placeholder {${name}}, which nothing fills`)
    }
  })
}
