// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { InternedTexts } from './interned-texts'

/** Who sent something, as numbers. */
export interface ResourceNumbers {
  readonly service: number
  readonly instance: number
}

/** How services are called that don't say it. */
export const UNNAMED_SERVICE = 'unknown_service'

const MAX_SERVICES = 10_000
const MAX_INSTANCES = 100_000
const MAX_NAME_LENGTH = 300
const OTHER = '(other)'
/** Whatever tells one process from another. */
const INSTANCE_KEYS = Object.freeze([
  'service.instance.id',
  'k8s.pod.uid',
  'k8s.pod.name',
  'container.id',
  'host.name',
  'process.pid',
])

type AttributeValues = Readonly<Record<string, unknown>>

/** Numbers services, and the processes that are one service. */
export class ResourceTable {
  readonly #services = new InternedTexts(MAX_SERVICES, OTHER)
  readonly #instances = new InternedTexts(MAX_INSTANCES, OTHER)
  #lastAttributes: AttributeValues | undefined
  #last: ResourceNumbers = { service: 0, instance: 0 }

  get services(): readonly string[] {
    return this.#services.texts
  }

  numbersOf(attributes: AttributeValues): ResourceNumbers {
    // Items of one resource share the object that describes it.
    if (attributes === this.#lastAttributes) return this.#last
    const name = attributes['service.name']
    const service = this.#services.numberOf(
      typeof name === 'string' && name !== '' ? name.slice(0, MAX_NAME_LENGTH) : UNNAMED_SERVICE,
    )
    const marks = INSTANCE_KEYS.map((key) => markOf(attributes[key]))
    const instance = this.#instances.numberOf(`${service} ${marks.join(' ')}`)
    this.#lastAttributes = attributes
    return (this.#last = { service, instance })
  }
}

function markOf(value: unknown): string {
  if (typeof value === 'string') return value.slice(0, MAX_NAME_LENGTH)
  return typeof value === 'number' ? String(value) : ''
}
