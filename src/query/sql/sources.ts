// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { attributesJson, textJson, valueJson } from './json-values'
import type { LineSink } from './line-sink'
import { lineStart, membersOf } from './stored-tables'

/** Who sent a row: a resource, and the library that made it. */
export interface Source {
  readonly resourceAttributes: object
  readonly scope: { name?: string; version?: string; attributes?: object }
}

const RESOURCE_COLUMNS = Object.freeze({
  service_name: ['service.name'],
  service_namespace: ['service.namespace'],
  service_version: ['service.version'],
  service_instance_id: ['service.instance.id'],
  deployment_environment: ['deployment.environment.name', 'deployment.environment'],
  host_name: ['host.name'],
})

const MEMBERS = membersOf('sources')

/** Of sources in a session there are a few; of what could be anything, so many are remembered. */
const MAX_KNOWN_SOURCES = 10_000

/** Gives each source a number, and the table `sources` a line for each. */
export class Sources {
  readonly #sink: LineSink
  readonly #known = new Map<string, number>()
  #nextId: number
  #last: { resource: object; scope: object; id: number } | undefined
  #resourceText: { resource: object; text: string } | undefined

  constructor(sink: LineSink, nextId: number) {
    this.#sink = sink
    this.#nextId = nextId
  }

  /**
   * The source's number. Rows of one source follow one another, and share the objects that
   * describe it: `resource` and `scope` are compared before anything is read.
   */
  idOf(resource: object, scope: object, describe: () => Source): number {
    if (this.#last?.resource === resource && this.#last.scope === scope) return this.#last.id
    const id = this.#idOf(resource, describe())
    this.#last = { resource, scope, id }
    return id
  }

  #idOf(resource: object, source: Source): number {
    const line = this.#resourceLine(resource, source) + scopeLine(source)
    const known = this.#known.get(line)
    if (known !== undefined) return known
    if (this.#known.size === MAX_KNOWN_SOURCES) this.#known.clear()
    const id = this.#nextId++
    this.#known.set(line, id)
    this.#sink.add('sources', `${lineStart(id)}${line}}\n`)
    return id
  }

  #resourceLine(resource: object, { resourceAttributes }: Source): string {
    if (this.#resourceText?.resource === resource) return this.#resourceText.text
    const attributes = new Map<string, unknown>(Object.entries(resourceAttributes))
    let text = MEMBERS.resource_attributes + attributesJson(resourceAttributes)
    for (const [column, names] of Object.entries(RESOURCE_COLUMNS)) {
      const value = names.map((name) => attributes.get(name)).find((found) => found != null)
      // The same keys.
      if (value !== undefined)
        text += MEMBERS[column as keyof typeof RESOURCE_COLUMNS] + valueJson(value)
    }
    this.#resourceText = { resource, text }
    return text
  }
}

function scopeLine({ scope: { name, version, attributes } }: Source): string {
  let text = MEMBERS.scope_attributes + attributesJson(attributes ?? {})
  if (name) text += MEMBERS.scope_name + textJson(name)
  if (version) text += MEMBERS.scope_version + textJson(version)
  return text
}
